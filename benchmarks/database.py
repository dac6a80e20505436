"""`python -m benchmarks.database --rows N`: pages of the dashboard asked of PostgreSQL, by many.

Marts of so many events are built and published, each day in one transaction. Then so many people,
each of a connection and a role of the policy, ask the query of one chart a second, under row
security. The last line is one JSON object.
What does not belong here: the pages (`ecom_platform.dashboard`), and the input (`batch_inputs`).
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import psycopg

from benchmarks.batch_inputs import made_up_files
from benchmarks.figures import rounded
from benchmarks.fresh_platform import WORK, fresh_database, fresh_platform
from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.dashboard.pages import PAGES, Chart
from ecom_platform.dashboard.policy import DEMO_FILE, Policy, Scope, read_policy
from ecom_platform.dashboard.queries import AUDIENCES, Selection, chart_sql
from ecom_platform.pipeline.mart_database import days_to_publish, publish_days
from ecom_platform.resources.mart_database import MartDatabase, MartReader
from ecom_platform.settings import Settings
from ecom_platform.traffic.manifest import read_manifest

DAYS = 28
FIRST_QUESTIONS_SECONDS = 8
ALLOWED_P95_MS = 150.0
CHARTS = [chart for page in PAGES.values() for chart in page.charts]


@dataclass
class Asked:
    """What became of the queries: milliseconds of each by its chart, and errors."""

    milliseconds: list[tuple[str, float]] = field(default_factory=list)
    late: int = 0
    errors: list[str] = field(default_factory=list)


def main() -> None:
    arguments = _parser().parse_args()
    events = made_up_files(WORK, arguments.rows, DAYS, 0.0)
    policy = read_policy(DEMO_FILE)
    with tempfile.TemporaryDirectory(dir=WORK, prefix="database-") as name:
        folder = Path(name)
        with built(events, folder) as batch, fresh_database(folder, policy) as database:
            found = published(batch, database)
            asked = ask(database, policy, arguments)
    figures = found | report(asked, arguments)
    print(json.dumps({key: rounded(value) for key, value in figures.items()}))
    if asked.errors:
        sys.exit(f"error: {len(asked.errors)} queries failed, the first: {asked.errors[0]}")
    if figures["p95_ms"] > ALLOWED_P95_MS:
        sys.exit(f"error: p95 is above {ALLOWED_P95_MS:.0f} ms")


@contextmanager
def built(events: Path, folder: Path) -> Iterator[Batch]:
    """The platform with the marts of all files."""
    with fresh_platform(folder) as batch:
        files = [events / file["name"] for file in read_manifest(events)["files"]]
        deliver(files, Settings.from_environment())
        batch.take_in()
        batch.rebuild()
        yield batch


def published(batch: Batch, database: MartDatabase) -> dict[str, Any]:
    started = time.perf_counter()
    stale = days_to_publish(batch.tables, database)
    row_count = publish_days(stale, batch.engine, database, print)
    seconds = time.perf_counter() - started
    events = sum(batch.day_rows().values())
    return {
        "benchmark": "database",
        "events": events,
        "mart_rows": row_count,
        "mart_days": len(stale),
        "publish_s": seconds,
    }


def ask(database: MartDatabase, policy: Policy, arguments: argparse.Namespace) -> Asked:
    """Each person asks a chart at every second, as late as the answers before make it."""
    days = sorted({day for _, day in database.published()})
    reader, asked = database.reader(arguments.connections), Asked()
    users = [user for user in policy.users if _visible(policy.scope_of(user))]
    # All at once would be a burst that no dashboard sees.
    began = time.perf_counter() + FIRST_QUESTIONS_SECONDS
    people = [
        threading.Thread(
            target=_person,
            args=(
                began + number / arguments.connections,
                arguments.seconds,
                _questions(number, users, policy, (days[0], days[-1])),
                reader,
                asked,
            ),
        )
        for number in range(arguments.connections)
    ]
    print(f"{len(people)} people ask for {arguments.seconds} seconds", flush=True)
    for person in people:
        person.start()
    for person in people:
        person.join()
    reader.close()
    return asked


def _visible(scope: Scope) -> list[Chart]:
    return [chart for chart in CHARTS if scope.sees(chart.mart)]


def _questions(
    number: int, users: Sequence[str], policy: Policy, days: tuple[Any, Any]
) -> Iterator[tuple[Chart, str, Any]]:
    """A chart of those that the person sees, its query, and the person's scope; without end."""
    choose = random.Random(number)  # noqa: S311 - a load, the same at each run
    scope = policy.scope_of(users[number % len(users)])
    visible = _visible(scope)
    while True:
        chart = choose.choice(visible)
        selection = Selection(*days, choose.choice(AUDIENCES))
        yield chart, chart_sql(chart, selection), scope


def _person(
    began: float,
    seconds: int,
    questions: Iterator[tuple[Chart, str, Any]],
    reader: MartReader,
    asked: Asked,
) -> None:
    # A connection reads the catalog at its first question, as a dashboard's has long since.
    _, sql, scope = next(questions)
    reader.answer(sql, scope)
    for second in range(seconds):
        wait = began + second - time.perf_counter()
        asked.late += wait < 0
        time.sleep(max(wait, 0))
        chart, sql, scope = next(questions)
        started = time.perf_counter()
        try:
            reader.answer(sql, scope)
        except psycopg.Error as error:
            asked.errors.append(f"{chart.name}: {error}")
        asked.milliseconds.append((chart.name, 1000 * (time.perf_counter() - started)))


def report(asked: Asked, arguments: argparse.Namespace) -> dict[str, Any]:
    times = [milliseconds for _, milliseconds in asked.milliseconds]
    cuts = quantiles(times, n=100)
    by_chart: dict[str, list[float]] = {}
    for name, milliseconds in asked.milliseconds:
        by_chart.setdefault(name, []).append(milliseconds)
    for name, found in sorted(by_chart.items(), key=lambda pair: -max(pair[1]))[:5]:
        print(f"{name}: {len(found)} times, mean {sum(found) / len(found):.0f} ms")
    return {
        "connections": arguments.connections,
        "seconds": arguments.seconds,
        "queries": len(times),
        "errors": len(asked.errors),
        "late": asked.late,
        "p50_ms": cuts[49],
        "p95_ms": cuts[94],
        "p99_ms": cuts[98],
        "max_ms": max(times),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.database", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    return parser


if __name__ == "__main__":
    main()
