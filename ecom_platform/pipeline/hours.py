"""Staging an hour of the stream's archive: from its objects to published parts.

What does not belong here: the Dagster asset, and how a line is read (`lake.hour_rows`).
"""

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from ecom_platform.contracts.lake import (
    QUARANTINED_STREAM_EVENTS,
    STAGED_STREAM_EVENTS,
    STAGED_STREAM_HOURS,
)
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.hour_rows import StagedHour, line_chunks, stage_lines
from ecom_platform.lake.ledgers import HourLedger
from ecom_platform.lake.refusal_report import RefusedRows, refused_rows
from ecom_platform.lake.stream_archive import (
    ARCHIVE,
    REFUSED,
    ArchivedHour,
    archived_hours,
    archived_lines,
    day_of,
    day_prefixes,
)
from ecom_platform.pipeline.erasure_requests import terms_of
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.commits import commits_prefix
from ecom_platform.tables.parquet import arrow_schema, write_table

OBJECTS_AT_ONCE = 64
"""Objects of the archive that are in memory together; Firehose makes none above 128 MB."""
RETENTION = timedelta(hours=48)
"""How long the stream keeps records: after an outage Firehose may archive such old ones."""


@dataclass(frozen=True)
class HourReport:
    """What became of an hour: its row of `lake/staged_stream_hours`, its days, its refusals."""

    ledger: HourLedger
    days: tuple[date, ...]
    refused: tuple[RefusedRows, ...]
    seconds: float = 0.0


def list_hours(tables: TableStore, days: Iterable[str] | None = None) -> dict[str, ArchivedHour]:
    """The hours of the archive as it lies there now, or those of some days of arrival."""
    prefixes = [ARCHIVE, REFUSED] if days is None else [p for d in days for p in day_prefixes(d)]
    return archived_hours(tables.objects.archived_objects(*prefixes))


def open_days(now: datetime, since: str | None = None) -> list[str]:
    """Days of arrival that may still grow, and those since the last look, where one was missed.

    Args:
        now: UTC.
        since: the last day that was looked at.

    """
    first = (now - RETENTION).date()
    if since:
        first = min(first, date.fromisoformat(since))
    return [str(first + timedelta(days=n)) for n in range((now.date() - first).days + 1)]


def unstaged_hours(tables: TableStore, hours: dict[str, ArchivedHour]) -> list[ArchivedHour]:
    """Hours whose objects are not those that were staged last."""
    staged = staged_digests(tables, hours)
    return [found for hour, found in hours.items() if staged.get(hour) != found.digest]


def staged_digests(tables: TableStore, hours: Collection[str]) -> dict[str, str]:
    """Hour → what it held when it was staged last. Only records of the days in question count."""
    table = STAGED_STREAM_EVENTS
    days = sorted({day_of(hour) for hour in hours})
    prefixes = [f"{commits_prefix(table.prefix)}{day}" for day in days]
    commits = tables.commits_under(table, prefixes)
    return {commit.name: commit.details["digest"] for commit in commits}


def stage_hour(hour: ArchivedHour, tables: TableStore, engine: QueryEngine) -> HourReport:
    """Read an hour whole, and publish what it holds.

    Raises:
        NotPublishableError: rows were lost, or what was written breaks the contract.

    """
    started = time.monotonic()
    with engine.workspace() as (connection, folder):
        chunks = line_chunks(_objects(hour, tables))
        terms = terms_of(tables)
        staged = stage_lines(connection, chunks, folder / "staged", terms)
        refused = refused_rows(staged.quarantine)
        report = HourReport(_ledger(hour, staged), tuple(sorted(staged.days)), refused)
        _publish(hour, staged, report, folder, tables)
    return replace(report, seconds=time.monotonic() - started)


def _objects(hour: ArchivedHour, tables: TableStore) -> Iterator[tuple[EventFile, list[bytes]]]:
    for start in range(0, len(hour.objects), OBJECTS_AT_ONCE):
        group = hour.objects[start : start + OBJECTS_AT_ONCE]
        bodies = tables.objects.read_all([found.object_key for found in group])
        yield from zip(group, map(archived_lines, bodies), strict=True)


def _publish(
    hour: ArchivedHour, staged: StagedHour, report: HourReport, folder: Path, tables: TableStore
) -> None:
    """The parts last: their commit is what the days are built from."""
    row = pa.Table.from_pylist(
        [report.ledger.row], schema=arrow_schema(STAGED_STREAM_HOURS.columns)
    )
    refusals = {"refused_rows": [one.to_details() for one in report.refused]}
    for table, rows, details in (
        (QUARANTINED_STREAM_EVENTS, staged.quarantine, refusals),
        (STAGED_STREAM_HOURS, row, {}),
    ):
        written = write_table(rows, folder / f"{table.name}.parquet")
        placed = tables.upload(table, [((hour.hour,), written)])
        tables.publish(table, [Draft(hour.hour, tuple(placed), details)])
    parts = [((hour.hour, str(day)), part) for day, part in sorted(staged.days.items())]
    of_parts = {
        "file": hour.as_file.to_details(),
        "digest": hour.digest,
        "store_time_zone": tables.store_time_zone,
    }
    placed = tables.upload(STAGED_STREAM_EVENTS, parts)
    tables.publish(STAGED_STREAM_EVENTS, [Draft(hour.hour, tuple(placed), of_parts)])


def _ledger(hour: ArchivedHour, staged: StagedHour) -> HourLedger:
    return HourLedger(
        object_count=len(hour.objects),
        byte_count=hour.byte_count,
        last_modified_at=hour.last_modified_at,
        read_row_count=staged.read_row_count,
        staged_row_count=staged.staged_row_count,
        repeated_row_count=staged.repeated_row_count,
        quarantined_row_count=staged.quarantine.num_rows,
    )
