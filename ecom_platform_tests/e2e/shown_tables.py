"""What a reader sees of tables while they are rebuilt, and what is stale or differs in the end."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ecom_platform.batch import Batch
from ecom_platform.contracts import TABLES, Table, marts
from ecom_platform.pipeline.days import stale_plans
from ecom_platform.pipeline.marts import stale_days
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform_tests.support.tables import all_marts, rows

EVENTS = TABLES["lake", "events"]
VISITORS = TABLES["marts", "daily_visitors"]
READ = (EVENTS, VISITORS)
Days = dict[str, tuple[Any, ...]]
"""Day → what a reader sees of it."""
Tables = dict[str, list[Any]]


@dataclass
class Reads:
    """How often days were read, and what was neither the old nor the new version of one."""

    count: int = 0
    torn: list[str] = field(default_factory=list)


def days_shown(batch: Batch, table: Table) -> Days:
    """What a reader sees of each day through the catalog: counts and sums, from the rows."""
    with batch.engine.lake_workspace() as (connection, _):
        return read_days(connection, table, batch.tables.catalog.partitions(table))


def read_days(connection: Any, table: Table, parts: Sequence[PublishedPartition]) -> Days:
    figures = (
        "count(*), sum(price)"
        if table is EVENTS
        else ", ".join(f"min({column.name})" for column in table.columns) + ", count(*)"
    )
    files = ", ".join(f"'{part.location}*.parquet'" for part in parts)
    found = connection.execute(
        f"select parse_path(filename)[:-2], {figures}"
        f" from read_parquet([{files}], filename = true) group by 1"
    ).fetchall()
    by_place = {"/".join(row[0]).replace("s3://", "s3:/"): row[1:] for row in found}
    places = {part.values[0]: part.location.rstrip("/") for part in parts}
    return {day: by_place[place.replace("s3://", "s3:/")] for day, place in places.items()}


def all_tables(batch: Batch) -> Tables:
    """Every row of `lake/events` and of all marts, sorted."""
    return {"events": sorted(rows(batch, *EVENTS.key), key=repr), **all_marts(batch)}


def differences(expected: Tables, found: Tables) -> list[str]:
    assert expected.keys() == found.keys()
    return [
        f"{name}: {len(set(map(repr, rows)) ^ set(map(repr, found[name])))} rows differ"
        for name, rows in expected.items()
        if rows != found[name]
    ]


def catalog_differences(batch: Batch) -> list[str]:
    """Tables whose catalog is not what the newest commit records say."""
    found = []
    for table in TABLES.values():
        parts = [part for commit in batch.tables.commits(table) for part in commit.partitions]
        if not table.partition_columns:
            is_equal = batch.tables.catalog.table_location(table) == parts[-1].location
        else:
            shown = batch.tables.catalog.partitions(table)
            is_equal = shown == sorted(parts, key=lambda part: part.values)
        if not is_equal:
            found.append(f"{table.path}: the catalog shows other versions than the records")
    return found


def stale(batch: Batch) -> list[str]:
    """Tables of which some days are not built from what is there now."""
    listing = batch.tables.objects.exports().files
    staged = {commit.name for commit in batch.tables.commits(TABLES["lake", "staged_events"])}
    found = ["lake/staged_events"] if any(f.file_id not in staged for f in listing) else []
    found += ["lake/events"] if stale_plans(batch.tables) else []
    return found + [mart.path for mart in marts.TABLES if stale_days(mart, batch.tables)]


@contextmanager
def reading(
    batch: Batch, versions: dict[Table, tuple[Days, Days]], is_up: Callable[[], bool]
) -> Iterator["Reads"]:
    """Read every day all the time, and note each one that is neither the old nor the new."""
    ended = threading.Event()
    report = Reads()

    def read() -> None:
        with batch.engine.lake_workspace() as (connection, _):
            while not ended.wait(0.2):
                for table, (old, new) in versions.items():
                    try:
                        parts = batch.tables.catalog.partitions(table)
                        seen = read_days(connection, table, parts)
                    except Exception as error:  # noqa: BLE001 - a reader tells whatever it meets
                        if is_up():
                            report.torn.append(f"{table.path}: {error!r}"[:300])
                        continue
                    report.count += 1
                    report.torn += [
                        f"{table.path} {day}: {seen.get(day)} is neither {old[day]} nor {new[day]}"
                        for day in old
                        if seen.get(day) not in (old[day], new[day])
                    ]

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield report
    finally:
        ended.set()
        thread.join()
