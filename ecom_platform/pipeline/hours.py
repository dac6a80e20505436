"""Staging an hour of the stream's archive: from its objects to published parts.

What does not belong here: the Dagster asset (`stream_assets`), and how a line is read
(`lake.stream_staging`).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from ecom_platform.contracts.lake import (
    QUARANTINED_STREAM_EVENTS,
    STAGED_STREAM_EVENTS,
    STAGED_STREAM_HOURS,
)
from ecom_platform.lake.event_files import STREAM_PREFIX, EventFile
from ecom_platform.lake.hour_rows import StagedHour, line_chunks, stage_lines
from ecom_platform.lake.stream_archive import ArchivedHour, archived_hours, archived_lines
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.parquet import arrow_schema, write_table

OBJECTS_AT_ONCE = 64
"""Objects of the archive that are in memory together; Firehose makes none above 128 MB."""


@dataclass(frozen=True)
class HourReport:
    """What became of an hour: its row of `lake/staged_stream_hours`, its days, its seconds."""

    ledger: dict[str, object]
    days: tuple[date, ...]
    seconds: float


def list_hours(tables: TableStore, *prefixes: str) -> dict[str, ArchivedHour]:
    """The hours of the archive as it lies there now, or those under some of its folders."""
    return archived_hours(tables.objects.archived_objects(*(prefixes or (STREAM_PREFIX,))))


def unstaged_hours(tables: TableStore, hours: dict[str, ArchivedHour]) -> list[ArchivedHour]:
    """Hours whose objects are not those that were staged last."""
    staged = {c.name: c.details["digest"] for c in tables.commits(STAGED_STREAM_EVENTS, [*hours])}
    return [found for hour, found in hours.items() if staged.get(hour) != found.digest]


def stage_hour(hour: ArchivedHour, tables: TableStore, engine: QueryEngine) -> HourReport:
    """Read an hour whole, and publish what it holds.

    Raises:
        NotPublishableError: rows were lost, or what was written breaks the contract.

    """
    started = time.monotonic()
    with engine.workspace() as (connection, folder):
        chunks = line_chunks(_objects(hour, tables))
        staged = stage_lines(connection, chunks, folder / "staged")
        ledger = _ledger(hour, staged)
        _publish(hour, staged, ledger, folder, tables)
    return HourReport(ledger, tuple(sorted(staged.days)), time.monotonic() - started)


def _objects(hour: ArchivedHour, tables: TableStore) -> Iterator[tuple[EventFile, list[bytes]]]:
    for start in range(0, len(hour.objects), OBJECTS_AT_ONCE):
        group = hour.objects[start : start + OBJECTS_AT_ONCE]
        bodies = tables.objects.read_all([found.object_key for found in group])
        yield from zip(group, map(archived_lines, bodies), strict=True)


def _publish(
    hour: ArchivedHour,
    staged: StagedHour,
    ledger: dict[str, object],
    folder: Path,
    tables: TableStore,
) -> None:
    """The parts last: their commit is what the days are built from."""
    rows = pa.Table.from_pylist([ledger], schema=arrow_schema(STAGED_STREAM_HOURS.columns))
    for table, content in (
        (QUARANTINED_STREAM_EVENTS, staged.quarantine),
        (STAGED_STREAM_HOURS, rows),
    ):
        written = write_table(content, folder / f"{table.name}.parquet")
        placed = tables.upload(table, [((hour.hour,), written)])
        tables.publish(table, [Draft(hour.hour, tuple(placed))])
    parts = [((hour.hour, str(day)), part) for day, part in sorted(staged.days.items())]
    details = {"file": hour.as_file.to_details(), "digest": hour.digest}
    placed = tables.upload(STAGED_STREAM_EVENTS, parts)
    tables.publish(STAGED_STREAM_EVENTS, [Draft(hour.hour, tuple(placed), details)])


def _ledger(hour: ArchivedHour, staged: StagedHour) -> dict[str, object]:
    """The row of `lake/staged_stream_hours`."""
    return {
        "object_count": len(hour.objects),
        "byte_count": hour.byte_count,
        "last_modified_at": hour.last_modified_at,
        "read_row_count": staged.read_row_count,
        "staged_row_count": staged.staged_row_count,
        "repeated_row_count": staged.repeated_row_count,
        "quarantined_row_count": staged.quarantine.num_rows,
    }
