"""`python -m infra.bills`: what each engine costs a month, from measured days and from list prices.

The measured days are in docs/benchmarks/scale.json, prices in infra/prices.yaml. Between two
measured sizes, and beyond the largest, figures follow the line through the two next to it. What
does not belong here: how long a day takes (`benchmarks.scale`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from ecom_platform.contracts import marts
from ecom_platform.contracts.mart_columns import AUDIENCE
from ecom_platform.resources.athena import LEAST_BYTES

ROOT = Path(__file__).parents[1]
PRICES = ROOT / "infra/prices.yaml"
MEASURED = ROOT / "docs/benchmarks/scale.json"
SIZES = (1_000_000, 10_000_000, 40_000_000, 100_000_000, 400_000_000)
"""Events a day that are told."""

DAYS = 30
WORK_DAYS = 22
VCPUS, GIGABYTES = 2, 8
"""Of the machine that the days were measured on, as a task of Fargate."""
ALIKE = 0.3
"""A made-up day has a few more rows, or fewer, than it was asked for."""
AUDIENCES, MARTS = len(AUDIENCE.accepted_values), len(marts.TABLES)
SPARK_CORE_SECONDS = 2 * 39.6 / 12_606_044
"""A row staged by Spark: seconds of its two cores (`make bench-staging`)."""
DPU_CORES, GLUE_LEAST_DPU_SECONDS = 4, 2 * 60
AURORA_CAPACITY = 1.0
REDSHIFT_CAPACITY, REDSHIFT_HOURS = 8, 1
HOUR, GB, TB = 3600, 1e9, 1e12


@dataclass(frozen=True)
class Day:
    """A day of events: seconds and bytes."""

    events: float
    raw_bytes: float
    lake_bytes: float
    mart_bytes: float
    read_bytes: float
    staging_s: float
    rules_s: float
    wall_s: float
    peak_memory_gb: float


def measured_days() -> list[Day]:
    names = [one.name for one in fields(Day)]
    found = json.loads(MEASURED.read_text("utf-8"))["days"]
    return [Day(**{name: day[name] for name in names}) for day in found]


def is_measured(events: float, measured: Sequence[Day]) -> bool:
    """Whether a size is one of those that were measured."""
    return any(abs(events / day.events - 1) < ALIKE for day in measured)


def day_of(events: float, measured: Sequence[Day]) -> Day:
    """A day of so many events, on the line through the two measured ones next to it."""
    after = next((n for n, day in enumerate(measured) if day.events >= events), len(measured) - 1)
    first, second = measured[max(after, 1) - 1], measured[max(after, 1)]
    share = (events - first.events) / (second.events - first.events)

    def on_line(name: str) -> float:
        low, high = getattr(first, name), getattr(second, name)
        return float(low + share * (high - low))

    return Day(**{one.name: max(on_line(one.name), 0.0) for one in fields(Day)})


def read_prices() -> dict[str, float]:
    entries = yaml.safe_load(PRICES.read_text("utf-8"))
    return {name: entry["usd"] for name, entry in entries.items()}


def bills(day: Day, prices: Mapping[str, float]) -> dict[str, float]:
    """US dollars a month: the daily batch by each engine, and what each way of serving adds."""
    machine_hour = VCPUS * prices["fargate.x86_vcpu_hour"]
    machine_hour += GIGABYTES * prices["fargate.x86_gb_hour"]

    def machine(seconds: float) -> float:
        return DAYS * seconds / HOUR * machine_hour

    scanned = AUDIENCES * max(day.read_bytes, MARTS * LEAST_BYTES)
    glue = max(day.events * SPARK_CORE_SECONDS / DPU_CORES, GLUE_LEAST_DPU_SECONDS) / HOUR
    kept = DAYS * (day.raw_bytes + day.lake_bytes + day.mart_bytes) / GB
    # A sensor looks twice a minute and the dashboard keeps a connection, so it never sleeps.
    aurora_hours = DAYS * 24 * AURORA_CAPACITY
    redshift_hours = WORK_DAYS * REDSHIFT_HOURS * REDSHIFT_CAPACITY
    return {
        "one_machine": machine(day.wall_s),
        "athena": machine(day.staging_s + day.rules_s)
        + DAYS * scanned / TB * prices["athena.scan_tb"],
        "spark": machine(day.wall_s - day.staging_s) + DAYS * glue * prices["glue.etl_dpu_hour"],
        "storage": kept * prices["s3.standard_storage"],
        "aurora": aurora_hours * prices["aurora_serverless_v2.acu_hour"]
        + DAYS * day.mart_bytes / GB * prices["aurora.storage"],
        "redshift": redshift_hours * prices["redshift_serverless.rpu_hour"],
    }


def table() -> Iterator[str]:
    """The table of docs/scale.md."""
    measured, prices = measured_days(), read_prices()
    yield (
        "| events a day | a day's batch | memory | DuckDB | marts by Athena | staging by Glue"
        " | a month in S3 |"
    )
    yield "|---|---|---|---|---|---|---|"
    for events in SIZES:
        day = day_of(events, measured)
        bill = bills(day, prices)
        mark = "" if is_measured(events, measured) else " (by the line)"
        dollars = " | ".join(f"{bill[name]:,.2f}" for name in ("one_machine", "athena", "spark"))
        yield (
            f"| {events:,}{mark} | {duration(day.wall_s)} | {day.peak_memory_gb:.1f} GB"
            f" | {dollars} | {bill['storage']:,.2f} |"
        )


def duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:,.0f} min"  # noqa: PLR2004 - a short while is told in seconds


if __name__ == "__main__":
    print("\n".join(table()))
