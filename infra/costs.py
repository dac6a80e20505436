"""`python -m infra.costs --events-per-second 100`: what a month costs on AWS, before anything is
deployed.

Sizes are the templates' own settings; bytes, calls and seconds were measured (each says where);
prices are those of infra/prices.yaml. The last line is JSON. What does not belong here: the engines
compared (`bills`).
"""

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from infra.bills import PRICES, day_of, measured_days
from infra.cost_sizes import (
    DAY,
    DAYS,
    GB,
    HOURS,
    PUBLISHED,
    RUN_SECONDS,
    SECONDS,
    Installation,
    Line,
)
from infra.streaming_costs import streaming


def hosting(one: Installation) -> Iterator[Line]:
    """Dagster and the dashboard, which are there day and night."""
    sizes, price = one.settings["hosting"], one.price
    for name in ("Dagster", "Dashboard"):
        cores, gigabytes = one.task(name)
        what = f"{name}, {cores} vCPU, {gigabytes:.0f} GB"
        yield Line("batch", "Fargate", what, HOURS * one.task_hour(name))
    yield Line(
        "batch",
        "load balancer",
        "one, a tenth of a unit",
        HOURS * (price("alb.hour") + 0.1 * price("alb.lcu_hour")),
    )
    yield Line(
        "batch",
        "addresses",
        "two of tasks, two of the load balancer; no NAT, no endpoint",
        HOURS * 4 * price("ec2.public_ipv4_hour"),
    )
    yield Line(
        "batch",
        "RDS",
        f"{sizes['DatabaseClass']}, {sizes['DatabaseGigabytes']} GB",
        HOURS * price("rds_postgres.db_t4g_micro_hour")
        + float(sizes["DatabaseGigabytes"]) * price("rds_postgres.gp3_storage"),
    )
    yield Line(
        "batch",
        "secrets, image",
        "2 secrets, 2 GB of images",
        2 * price("secretsmanager.secret_month") + 2 * price("ecr.storage"),
    )
    yield Line(
        "batch",
        "CloudWatch",
        "1 GB of logs, 3 alarms, 2 metrics",
        price("cloudwatch.logs_ingest_gb")
        + 3 * price("cloudwatch.alarm_month")
        + 2 * price("cloudwatch.metric_month"),
    )


def batch(one: Installation) -> Iterator[Line]:
    """The daily build, and what it leaves in S3."""
    price = one.price
    day = day_of(one.events * DAY, measured_days())
    run_hours = DAYS * (day.wall_s + RUN_SECONDS * RUNS_A_DAY) / 3600
    what = f"runs of a day, {day.wall_s:.0f} s of work"
    yield Line("batch", "Fargate", what, run_hours * one.task_hour("Run"))
    kept = DAYS * (day.raw_bytes + day.lake_bytes + day.mart_bytes) / GB
    yield Line("batch", "S3", f"{kept:.0f} GB after a month", kept * price("s3.standard_storage"))
    yield Line(
        "batch",
        "S3",
        "lists and small objects of sensors and runs",
        LISTS_A_MONTH / 1000 * price("s3.put_1k"),
    )
    yield Line("batch", "Glue", "catalog within the free objects; Spark and crawlers off", 0.0)


RUNS_A_DAY = 12
"""Staging, days, verdicts, marts: each starts a task, which is paid for while it starts."""
LISTS_A_MONTH = 4 * SECONDS / 15
"""Sensors that list a prefix every 15 seconds: files, records of three tables."""


def lines(one: Installation, events: float) -> list[Line]:
    return [*hosting(one), *batch(one), *streaming(one, events)]


def total(found: list[Line], wanted: Callable[[Line], bool] = lambda _: True) -> float:
    return sum(line.usd for line in found if wanted(line))


def table(one: Installation) -> Iterator[str]:
    """The bill by line, idle beside it."""
    found, idle = lines(one, one.events), lines(one, 0)
    yield f"| part | service | what, at {one.events:g} events a second | USD a month | idle |"
    yield "|---|---|---|---|---|"
    for line, waiting in zip(found, idle, strict=True):
        yield (
            f"| {line.part} | {line.service} | {line.what} | {line.usd:,.2f} | {waiting.usd:,.2f} |"
        )


def result(one: Installation) -> dict[str, Any]:
    """Batch alone; all with streaming on; streaming on and nobody there."""
    found = lines(one, one.events)
    idle = [*hosting(one), *batch(Installation(1, one.prices, one.settings)), *streaming(one, 0)]
    return {
        "events_per_second": one.events,
        "batch_usd_per_month": round(total(found, lambda line: line.part == "batch"), 2),
        "realtime_usd_per_month": round(total(found), 2),
        "idle_usd_per_month": round(total(idle), 2),
        "published_batch_usd": PUBLISHED["batch"],
        "published_realtime_usd": PUBLISHED["realtime"],
        "prices_from_memory": sum(
            entry["source"] == "memory" for entry in yaml.safe_load(PRICES.read_text()).values()
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.costs", description=__doc__)
    parser.add_argument("--events-per-second", type=float, default=100)
    one = Installation.of(parser.parse_args().events_per_second)
    print("\n".join(table(one)))
    print(json.dumps(result(one)))


if __name__ == "__main__":
    main()
