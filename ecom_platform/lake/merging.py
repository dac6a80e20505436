"""The rows of a day with several parts: each as often as the file that has most of it.

Only rows that another part has too, or alone, need counting: all others of the largest part stay as
they are. A day with a handful of late rows costs one look at its rows, not a sort of them.

What does not belong here: which parts count (`days`), and publishing (`defs.lake`).
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from ecom_platform.contracts.lake import EVENT_COLUMNS, SOURCE_COLUMNS
from ecom_platform.lake.days import DayPlan, StagedPart
from ecom_platform.tables.literals import literal
from ecom_platform.tables.parquet import WrittenPartition, copy_by_partition

COLUMNS = ", ".join(column.name for column in EVENT_COLUMNS)
SAME_ROW = " and ".join(
    f"base.{column.name} is not distinct from other_rows.{column.name}" for column in SOURCE_COLUMNS
)
"""Of exports; what they have beside the columns of the source follows from those."""

REDELIVERED = f"""
    with file_keeps as (
        select
            copies,
            max(copies) over (
                partition by {COLUMNS} order by file_order
                rows between unbounded preceding and 1 preceding
            ) as copies_before
        from file_copies
    )
    select coalesce(sum(copies - greatest(0, copies - coalesce(copies_before, 0))), 0)
    from file_keeps
"""
"""How many rows of a day an earlier file already brought, by the formula for a single file: of a
row that file i has n_i times, max(0, n_i - max over j < i of n_j) are kept from it."""


@dataclass(frozen=True)
class MergedDay:
    """What became of several parts.

    Attributes:
        base: the largest part.
        written: the rows of all; none where the base holds them all and can stand for the day.
        redelivered_row_count: rows that an earlier file already brought.

    """

    base: StagedPart
    written: WrittenPartition | None
    redelivered_row_count: int

    @property
    def kept_row_count(self) -> int:
        return self.written.row_count if self.written else self.base.row_count


def merge_day(plan: DayPlan, connection: duckdb.DuckDBPyConnection, directory: Path) -> MergedDay:
    """Merge the counted parts of a day, files numbered in manifest order.

    Args:
        plan: a day with two counted parts or more.
        connection: an engine that reaches the parts; `other_rows` and `file_copies` are made anew.
        directory: an empty folder.

    """
    base = max(plan.counted, key=lambda part: part.row_count)
    order = plan.counted.index(base)
    others = " union all by name ".join(
        f"select {COLUMNS}, {place} as file_order from {_rows(part)}"
        for place, part in enumerate(plan.counted)
        if part is not base
    )
    connection.execute(f"""
        create or replace temp table file_copies as
        select {COLUMNS}, file_order, count(*) as copies
        from ({others}) group by {COLUMNS}, file_order
    """)
    connection.execute(f"""
        create or replace temp table other_rows as select distinct {COLUMNS} from file_copies
    """)
    connection.execute(f"""
        insert into file_copies
        select {COLUMNS}, {order}, count(*)
        from {_rows(base)} as base semi join other_rows on {SAME_ROW}
        group by {COLUMNS}
    """)
    redelivered = int(connection.execute(REDELIVERED).fetchall()[0][0])
    if _added(connection, order) == 0:
        return MergedDay(base, None, redelivered)
    written = copy_by_partition(connection, _merged_select(plan, base), directory)[plan.day]
    return MergedDay(base, written, redelivered)


def merge_stream_day(
    plan: DayPlan, connection: duckdb.DuckDBPyConnection, directory: Path
) -> MergedDay:
    """Merge the hours that brought rows of a day: each event id once, as it came first.

    Repeats are counted apart from the merge, so that the sum of the day can fail.
    """
    parts = " union all by name ".join(
        f"select {COLUMNS}, {place} as part_order from {_rows(part)}"
        for place, part in enumerate(plan.counted)
    )
    repeated = connection.execute(f"""
        with copies as (select count(*) as copies from ({parts}) group by event_id)
        select coalesce(sum(copies - 1), 0) from copies
    """).fetchall()[0][0]
    first = f"""
        select {COLUMNS}, date '{plan.day}' as event_date from ({parts})
        qualify row_number() over (partition by event_id order by part_order) = 1
    """
    written = copy_by_partition(connection, first, directory)[plan.day]
    return MergedDay(plan.counted[0], written, int(repeated))


def _added(connection: duckdb.DuckDBPyConnection, base_order: int) -> int:
    """Rows that the day has beside those of its largest part."""
    added = connection.execute(f"""
        with rows_of_all as (
            select
                max(copies) as copies,
                max(case when file_order = {base_order} then copies else 0 end) as base_copies
            from file_copies group by {COLUMNS}
        )
        select coalesce(sum(copies - base_copies), 0) from rows_of_all
    """).fetchall()[0][0]
    return int(added)


def _merged_select(plan: DayPlan, base: StagedPart) -> str:
    return f"""
        with counted_rows as (
            select {COLUMNS}, unnest(range(max(copies))) as copy_number
            from file_copies group by {COLUMNS}
        ),
        all_rows as (
            select {COLUMNS} from counted_rows
            union all
            select {COLUMNS} from {_rows(base)} as base anti join other_rows on {SAME_ROW}
        )
        select {COLUMNS}, date '{plan.day}' as event_date from all_rows
    """


def _rows(part: StagedPart) -> str:
    return f"read_parquet({literal(f'{part.location}*.parquet')})"
