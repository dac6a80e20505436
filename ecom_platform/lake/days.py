"""How the parts that files brought of a day become the day, and where each of their rows went.

Exports carry no event id. Of identical rows a day keeps as many as the file that has most of them:
a re-delivered file changes nothing, and repeats inside one file stay. Files count in manifest
order. Exports, once they hold enough of a day, supersede the stream: no row is counted from both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.ledgers import DayLedger, Source
from ecom_platform.lake.store_time import end_of_day

EXPORT_BAR = 0.5
"""Share of the stream's rows from which on the exports of a day count instead."""

USUAL_DAYS = timedelta(days=28)
FEWEST_USUAL_DAYS = 7
USUAL_FACTOR = 2.0

COUNTED = "counted"
"""The role of parts that make a day, in its inputs."""


@dataclass(frozen=True)
class StagedPart:
    """What one file, or the stream, brought of one day.

    Attributes:
        file: the raw object.
        source: export or stream.
        location: `s3://…/` of its Parquet.
        row_count: rows in it.
        byte_count: bytes of it.
        absent_columns: optional columns that the file lacks.

    """

    file: EventFile
    source: Source
    location: str
    row_count: int
    byte_count: int
    absent_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class DayPlan:
    """Which parts make a day: `counted` are put together, the others are accounted for only."""

    day: date
    source: Source
    counted: tuple[StagedPart, ...]
    retired: tuple[StagedPart, ...]
    waiting: tuple[StagedPart, ...]
    superseded: tuple[StagedPart, ...]
    store_time_zone: str = "UTC"

    @property
    def only_part(self) -> StagedPart | None:
        """The part that can be published as it lies, where there is just one."""
        return self.counted[0] if len(self.counted) == 1 else None

    @property
    def last_modified_at(self) -> datetime:
        """Of its newest object; of a day that has none any more, its own end."""
        parts = self.counted or self.retired
        ends_at = end_of_day(self.day, self.store_time_zone)
        return max((part.file.last_modified_at for part in parts), default=ends_at)

    @property
    def is_partial(self) -> bool:
        """No raw object of the day's source was modified after the day's end."""
        return self.last_modified_at < end_of_day(self.day, self.store_time_zone)

    @property
    def inputs(self) -> dict[str, str]:
        """What the day is made from: file → what it is to the day, and the place of its part.

        Equal inputs make an equal day.
        """
        roles = {
            COUNTED: self.counted,
            "retired": self.retired,
            "waiting": self.waiting,
            "superseded": self.superseded,
        }
        return {
            part.file.file_id: f"{role} {part.location}"
            for role, parts in roles.items()
            for part in parts
        }

    @property
    def differing_absences(self) -> set[tuple[str, ...]]:
        """Sets of absent columns, where the files differ: their repeats cannot be recognised."""
        absences = {part.absent_columns for part in self.counted}
        return absences if len(absences) > 1 else set()


def plan_day(
    day: date,
    parts: Sequence[StagedPart],
    retired_file_ids: Collection[str],
    store_time_zone: str = "UTC",
) -> DayPlan:
    """Decide which parts of a day count."""
    ordered = sorted(parts, key=lambda part: part.file.manifest_order)
    retired = tuple(part for part in ordered if part.file.file_id in retired_file_ids)
    active = [part for part in ordered if part not in retired]
    exports = tuple(part for part in active if part.source == "export")
    stream = tuple(part for part in active if part.source == "stream")
    is_export_day = not stream or rows_of(exports) >= EXPORT_BAR * rows_of(stream)
    return DayPlan(
        day=day,
        source="export" if is_export_day else "stream",
        counted=exports if is_export_day else stream,
        retired=retired,
        waiting=() if is_export_day else exports,
        superseded=stream if is_export_day else (),
        store_time_zone=store_time_zone,
    )


def retired_file_ids(files: Sequence[EventFile], current: Mapping[str, str]) -> set[str]:
    """Files that another version under the same key replaced.

    Args:
        files: the versions that could be read.
        current: object key → id of the version that lies there now. It need not be the one that was
            seen last for the first time: a correction may be taken back. A current version that
            could not be read replaces nothing.

    """
    valid: dict[str, EventFile] = {}
    for file in sorted(files, key=lambda found: found.manifest_order):
        held = valid.get(file.object_key)
        if held is None or held.file_id != current.get(file.object_key):
            valid[file.object_key] = file
    return {file.file_id for file in files if valid[file.object_key] is not file}


def ledger_of(plan: DayPlan, *, kept_row_count: int, redelivered_row_count: int) -> DayLedger:
    """Account for every staged row of a day.

    Args:
        plan: the parts.
        kept_row_count: rows of the day as it was written, counted there.
        redelivered_row_count: rows that an earlier file already brought, counted apart.

    """
    others = (plan.retired, plan.waiting, plan.superseded)
    retired, waiting, superseded = (rows_of(parts) for parts in others)
    return DayLedger(
        source=plan.source,
        staged_row_count=rows_of(plan.counted) + retired + waiting + superseded,
        kept_row_count=kept_row_count,
        redelivered_row_count=redelivered_row_count,
        retired_row_count=retired,
        waiting_row_count=waiting,
        superseded_row_count=superseded,
        file_count=len(plan.counted),
        last_modified_at=plan.last_modified_at,
        is_partial=plan.is_partial,
    )


def keeps_content(
    plan: DayPlan, ledger: DayLedger, before_inputs: Mapping[str, str], before: Mapping[str, Any]
) -> bool:
    """Whether a day says the same as its last version, so that nobody below need read it again.

    A day has of each row as many as its fullest file. More files can only add rows, so that the
    same number of rows, from at least the files of before, are the same rows.

    Args:
        plan: the parts of the day now.
        ledger: where their rows went.
        before_inputs: `inputs` of the version before.
        before: its ledger, as the commit keeps it.

    """
    counted_before = {k: v for k, v in before_inputs.items() if v.startswith(COUNTED)}
    return (
        counted_before.items() <= plan.inputs.items()
        and before["kept_row_count"] == ledger.kept_row_count
        and before["is_partial"] == ledger.is_partial
        and before["source"] == ledger.source
    )


def unusual_volume(day: date, rows_by_day: Mapping[date, int]) -> str | None:
    """What is unusual about the number of rows of a day, held against the four weeks before it.

    Said from seven days with data on; real days of one shop differ by a factor of up to 1.6.
    """
    before = [
        rows
        for other, rows in rows_by_day.items()
        if rows and timedelta(0) < day - other <= USUAL_DAYS
    ]
    if len(before) < FEWEST_USUAL_DAYS:
        return None
    usual = median(before)
    share = rows_by_day.get(day, 0) / usual
    if 1 / USUAL_FACTOR <= share <= USUAL_FACTOR:
        return None
    return f"{rows_by_day.get(day, 0)} rows, {share:.2f} of the usual {usual:.0f}"


def rows_of(parts: Sequence[StagedPart]) -> int:
    return sum(part.row_count for part in parts)
