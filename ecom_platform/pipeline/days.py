"""Building days of `lake/events` from staged parts: pointed at, or merged, then published.

What does not belong here: the Dagster asset (`assets`), and what makes a day (`lake.days`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts.lake import EVENT_DAYS, EVENTS, STAGED_EVENTS, STAGED_STREAM_EVENTS
from ecom_platform.lake.days import (
    DayPlan,
    StagedPart,
    keeps_content,
    ledger_of,
    plan_day,
    retired_file_ids,
)
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.ledgers import DayLedger, Source
from ecom_platform.lake.merging import merge_day, merge_stream_day
from ecom_platform.lake.store_time import StoreTimeZoneChangedError
from ecom_platform.pipeline.manifest import read_manifest
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.commits import Commit, PublishedPartition
from ecom_platform.tables.contract_check import check_contract
from ecom_platform.tables.parquet import WrittenPartition, arrow_schema, write_table


@dataclass(frozen=True)
class BuiltDay:
    """A day that was put together but is not published yet.

    Attributes:
        plan, ledger: what it is made from, and where every row went.
        written: new files; none where a part is taken as it lies.
        pointed: that part.
        kept: the version before, where the day says the same still.

    """

    plan: DayPlan
    ledger: DayLedger
    written: WrittenPartition | None
    pointed: StagedPart | None = None
    kept: PublishedPartition | None = None


def stale_plans(tables: TableStore) -> list[DayPlan]:
    """Plans of the days whose parts are not those that `lake/events` was built from.

    A day whose newest version is not the one that the catalog shows is stale too: its writer died
    between the two. A day that lost its last part is one without rows.
    """
    built = tables.shown_inputs(EVENTS)
    plans = plan_days(tables)
    planned = {str(plan.day) for plan in plans}
    zone = tables.store_time_zone
    emptied = [plan_day(date.fromisoformat(d), [], (), zone) for d in built if d not in planned]
    stale = [plan for plan in [*plans, *emptied] if plan.inputs != built.get(str(plan.day))]
    return sorted(stale, key=lambda plan: plan.day)


def row_counts_by_day(tables: TableStore) -> dict[date, int]:
    """Rows of each day of `lake/events` as it is shown now."""
    partitions = tables.catalog.partitions(EVENTS)
    return {date.fromisoformat(part.values[0]): part.row_count for part in partitions}


def plan_days(tables: TableStore, days: Iterable[date] | None = None) -> list[DayPlan]:
    """The plans of all days that any file or the stream has rows of, or of some days.

    Raises:
        StoreTimeZoneChangedError: parts that count were cut by another zone.

    """
    parts: dict[date, list[StagedPart]] = {}
    exports, stream = tables.commits(STAGED_EVENTS), tables.commits(STAGED_STREAM_EVENTS)
    manifest = read_manifest(tables)
    files = [_file(commit) for commit in exports]
    retired = retired_file_ids(files, manifest.current) | set(manifest.retired)
    for commit in exports:
        _add_parts(parts, commit, "export")
    for commit in stream:
        _add_parts(parts, commit, "stream")
    zone = tables.store_time_zone
    for commit in [*(c for c in exports if c.name not in retired), *stream]:
        if commit.partitions and commit.details["store_time_zone"] != zone:
            raise StoreTimeZoneChangedError(commit.details["store_time_zone"], zone)
    wanted = parts if days is None else days
    return [plan_day(day, parts.get(day, []), retired, zone) for day in sorted(wanted)]


def plans_to_build(tables: TableStore, days: Iterable[date]) -> list[DayPlan]:
    """Those of some days that any file or the stream has rows of, or once had."""
    shown = {part.values[0] for part in tables.catalog.partitions(EVENTS)}
    return [plan for plan in plan_days(tables, days) if plan.inputs or str(plan.day) in shown]


def _file(commit: Commit) -> EventFile:
    return EventFile.from_details(commit.details["file"])


def _add_parts(parts: dict[date, list[StagedPart]], commit: Commit, source: Source) -> None:
    """Put what a file, or an hour of the stream's archive, brought of each day to the others."""
    for part in commit.partitions:
        parts.setdefault(date.fromisoformat(part.values[1]), []).append(
            StagedPart(
                file=_file(commit),
                source=source,
                location=part.location,
                row_count=part.row_count,
                byte_count=part.byte_count,
                absent_columns=tuple(commit.details.get("absent_columns", ())),
            )
        )


def build_day(plan: DayPlan, connection: duckdb.DuckDBPyConnection, folder: Path) -> BuiltDay:
    """Put a day together and account for its rows.

    Raises:
        NotPublishableError: the sums do not add up, or the contract is broken.

    """
    if part := plan.only_part:
        ledger = ledger_of(plan, kept_row_count=part.row_count, redelivered_row_count=0)
        built = BuiltDay(plan, ledger, None, pointed=part)
    elif not plan.counted:
        empty = arrow_schema(EVENTS.all_columns).empty_table()
        written = write_table(empty, folder / f"{plan.day}.parquet")
        ledger = ledger_of(plan, kept_row_count=0, redelivered_row_count=0)
        built = BuiltDay(plan, ledger, written)
    else:
        built = _merged(plan, connection, folder)
    built.ledger.check_conservation()
    if built.written:
        check_contract(connection, EVENTS, [built.written])
    return built


def keep_versions(built: Sequence[BuiltDay], tables: TableStore) -> list[BuiltDay]:
    """The same days, with the version before where a day says the same still."""
    names = [str(day.plan.day) for day in built]
    before = {commit.name: commit for commit in tables.commits(EVENTS, names)}
    found = []
    for day in built:
        old = before.get(str(day.plan.day))
        is_same = old is not None and keeps_content(
            day.plan, day.ledger, old.details["inputs"], old.details["ledger"]
        )
        found.append(replace(day, kept=old.partitions[0]) if old and is_same else day)
    return found


def _merged(plan: DayPlan, connection: duckdb.DuckDBPyConnection, folder: Path) -> BuiltDay:
    merge = merge_stream_day if plan.source == "stream" else merge_day
    merged = merge(plan, connection, folder / str(plan.day))
    ledger = ledger_of(
        plan,
        kept_row_count=merged.kept_row_count,
        redelivered_row_count=merged.redelivered_row_count,
    )
    return BuiltDay(plan, ledger, merged.written, pointed=merged.base)


def publish_days(built: Sequence[BuiltDay], tables: TableStore, folder: Path) -> list[Commit]:
    """Publish days and their ledger, and return the commits of `lake/events`."""
    merged = [((str(day.plan.day),), day.written) for day in built if day.written and not day.kept]
    placed = {part.values: part for part in tables.upload(EVENTS, merged)}
    drafts = []
    for day in built:
        values = (str(day.plan.day),)
        place = placed.get(values) or _pointed(day)
        # Readers of the day read of its ledger only this, beside the rows.
        content = f"{place.location}#is_partial={day.ledger.is_partial}"
        part = day.kept or replace(place, content=content)
        details = {
            "ledger": day.ledger.details,
            "inputs": day.plan.inputs,
        }
        drafts.append(Draft(values[0], (part,), details))
    _publish_ledgers(built, tables, folder)
    return tables.publish(EVENTS, drafts)


def _pointed(day: BuiltDay) -> PublishedPartition:
    part = day.pointed or day.plan.counted[0]
    return PublishedPartition((str(day.plan.day),), part.location, part.row_count, part.byte_count)


def _publish_ledgers(built: Sequence[BuiltDay], tables: TableStore, folder: Path) -> None:
    schema = arrow_schema(EVENT_DAYS.all_columns)
    written = []
    for day in built:
        row = {**day.ledger.row, "event_date": day.plan.day}
        rows = pa.Table.from_pylist([row], schema=schema)
        path = folder / f"ledger-{day.plan.day}.parquet"
        written.append(((str(day.plan.day),), write_table(rows, path)))
    placed = tables.upload(EVENT_DAYS, written)
    tables.publish(EVENT_DAYS, [Draft(part.values[0], (part,)) for part in placed])
