"""A raw file read by Spark: its splits at once on all executors, then put together.

What does not belong here: how a split is read (`splits`), and showing the rows to readers, which
the Dagster step does that started the job.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import pyarrow as pa

from ecom_platform.contracts.lake import QUARANTINED_EVENTS
from ecom_platform.lake.file_forms import LONGEST_HEADER
from ecom_platform.lake.file_splits import (
    SplitLines,
    joined_quarantine,
    needs_whole,
    split_header,
    splits_of,
)
from ecom_platform.lake.ledgers import check_conserved
from ecom_platform.lake.placed_files import PlacedFile
from ecom_platform.lake.refusal_report import refused_rows
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform.tables.parquet import write_table
from glue_jobs.splits import ReadSplit, Work, read_split, read_whole

SPLIT_BYTES = 128 << 20

Say = Callable[[str], None]
Task = TypeVar("Task")


class OnExecutors(Protocol):
    """Does a piece of work for each of some tasks, at once and elsewhere."""

    def __call__(self, work: Callable[[Task], Any], tasks: Sequence[Task], /) -> list[Any]: ...


def stage(
    on_executors: OnExecutors, work: Work, say: Say, split_bytes: int = SPLIT_BYTES
) -> PlacedFile:
    """Put the rows of a raw file where no reader looks yet.

    Raises:
        ClientError: another version of the file lies there now, or S3 refused something.
        RowsNotConservedError: rows were lost.

    """
    read = _in_splits(on_executors, work, split_bytes, say)
    if read is None:
        say(f"{work.file.file_id}: read whole, {work.file.byte_count:,} bytes")
        work = work.afresh()
        read = on_executors(read_whole, [work])
    if refusal := read[0].refusal:
        return PlacedFile(file=work.file, refusal=refusal)
    return _placed(work, read)


def _in_splits(
    on_executors: OnExecutors, work: Work, split_bytes: int, say: Say
) -> list[ReadSplit] | None:
    """What became of each split; none where the file is to be read whole."""
    splits = splits_of(work.file.byte_count, split_bytes)
    if len(splits) < 2:  # noqa: PLR2004 - one is the whole
        return None
    header = split_header(work.fetch(0, LONGEST_HEADER - 1).read())
    if header is None:
        return None
    say(f"{work.file.file_id}: {len(splits)} splits of {split_bytes:,} bytes")
    read = on_executors(lambda split: read_split(work, split, header), splits)
    if any(one.refusal for one in read) or needs_whole(_lines(read)):
        return None
    return cast("list[ReadSplit]", read)


def _lines(read: Sequence[ReadSplit]) -> list[SplitLines]:
    return [one.lines for one in read if one.lines]


def _placed(work: Work, read: Sequence[ReadSplit]) -> PlacedFile:
    quarantines = [one.quarantine for one in read if one.quarantine is not None]
    quarantine = joined_quarantine(quarantines, _lines(read))
    parts = _joined_parts([part for one in read for part in one.parts])
    read_row_count = sum(one.read_row_count for one in read)
    staged_row_count = sum(part.row_count for part in parts)
    check_conserved(
        read_row_count, {"staged": staged_row_count, "quarantined": quarantine.num_rows}
    )
    return PlacedFile(
        file=work.file,
        read_row_count=read_row_count,
        absent_columns=read[0].absent_columns,
        parts=parts,
        quarantine=_put_quarantine(work, quarantine),
        refused=refused_rows(quarantine),
    )


def _joined_parts(parts: Sequence[PublishedPartition]) -> tuple[PublishedPartition, ...]:
    """Splits put their files of a day side by side."""
    by_day: dict[tuple[str, ...], list[PublishedPartition]] = defaultdict(list)
    for part in parts:
        by_day[part.values].append(part)
    return tuple(
        PublishedPartition(
            values,
            found[0].location,
            sum(part.row_count for part in found),
            sum(part.byte_count for part in found),
        )
        for values, found in sorted(by_day.items())
    )


def _put_quarantine(work: Work, rows: pa.Table) -> PublishedPartition:
    with tempfile.TemporaryDirectory(prefix="ecom-") as name:
        written = write_table(rows, Path(name) / "rows.parquet")
        return work.put(QUARANTINED_EVENTS, (), written, "quarantine")
