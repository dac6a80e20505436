"""Cutting what was staged anew, after the store's time zone was changed.

Made from the staged parts themselves, because raw objects may be gone by now.
"""

from collections.abc import Callable
from datetime import date

from ecom_platform.contracts import Table
from ecom_platform.contracts.lake import EVENT_COLUMNS, STAGED_EVENTS, STAGED_STREAM_EVENTS
from ecom_platform.lake.ledgers import check_conserved
from ecom_platform.lake.store_time import local_time
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.commits import Commit
from ecom_platform.tables.literals import literal
from ecom_platform.tables.parquet import WrittenPartition, copy_by_partition


def restage(tables: TableStore, engine: QueryEngine, say: Callable[[str], None]) -> int:
    """Cut all staged parts by the zone that is set now; returns how many files and hours."""
    count = 0
    for table in (STAGED_EVENTS, STAGED_STREAM_EVENTS):
        commits = [
            commit
            for commit in tables.commits(table)
            if commit.details["store_time_zone"] != tables.store_time_zone
        ]
        for place, commit in enumerate(commits, start=1):
            _restage(table, commit, tables, engine)
            say(f"{table.path}: {place} of {len(commits)}, {commit.name}")
        count += len(commits)
    return count


def _restage(table: Table, commit: Commit, tables: TableStore, engine: QueryEngine) -> None:
    with engine.lake_workspace() as (connection, folder):
        files = [engine.own_location(part.location) for part in commit.partitions]
        written: dict[date | None, WrittenPartition] = {}
        if files:
            select = _select(files, tables.store_time_zone)
            written = copy_by_partition(connection, select, folder / "staged")
        counts = {str(day): part.row_count for day, part in written.items()}
        check_conserved(commit.row_count, counts)
        parts = [((commit.name, str(day)), part) for day, part in written.items()]
        placed = tables.upload(table, parts)
        details = {**commit.details, "store_time_zone": tables.store_time_zone}
        tables.publish(table, [Draft(commit.name, tuple(placed), details)])


def _select(locations: list[str], zone: str) -> str:
    """The same rows under the days and hours of another zone."""
    files = ", ".join(literal(f"{location}*.parquet") for location in locations)
    columns = ", ".join(
        "cast(extract(hour from local_at) as int) as event_hour"
        if column.name == "event_hour"
        else column.name
        for column in EVENT_COLUMNS
    )
    return f"""
        with local as (
            select *, {local_time("event_time", zone)} as local_at
            from read_parquet([{files}], hive_partitioning = false)
        )
        select {columns}, cast(local_at as date) as event_date from local
    """
