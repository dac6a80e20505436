"""Building a mart for a range of days, and holding what was built against its contract.

What does not belong here: which days have data, and publishing (`pipeline.marts`).
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts import Input, Table, marts
from ecom_platform.contracts.mart_columns import AUDIENCE
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.marts.anomalies import fill_bands
from ecom_platform.marts.queries import Check, mart_sql, range_values, rendered
from ecom_platform.tables.contract_check import broken_rows
from ecom_platform.tables.parquet import (
    ENGINE_TYPES,
    WrittenPartition,
    arrow_schema,
    copy_by_partition,
    write_table,
)

EVENTS_NAME = re.compile(r"\blake\.events\b")
PEOPLE_EVENTS = """
create or replace view lake.people_events as
select events.*
from lake.events as events
anti join (
  select distinct event_date, user_id from lake.bot_verdicts where is_excluded
) as bots on events.event_date = bots.event_date and events.user_id = bots.user_id
"""
FILLED: Mapping[str, Callable[[pa.Table, Collection[date]], pa.Table]] = {
    marts.KPI_ANOMALIES.name: fill_bands
}
"""Marts of which SQL gives the rows, and a library fills columns that SQL cannot."""
EXAMPLES = 3
"""Offending rows that a message shows."""


@dataclass(frozen=True)
class Problem:
    """A rule that a day breaks: `day` is none where the rule is not about single days."""

    check: str
    severity: str
    day: date | None
    message: str


def build_mart(
    connection: duckdb.DuckDBPyConnection,
    mart: Table,
    days: Sequence[date],
    directory: Path,
    computed: str | None = None,
) -> dict[date, WrittenPartition]:
    """Write the rows of a mart for some days as Parquet.

    The inputs must be readable under their names, unless `computed` is a query over rows that
    another engine has made of them. A day without rows gets an empty file, because an older version
    of it may hold some; a day that was not asked for is left out.
    """
    select = computed or select_for_audiences(connection, mart, min(days), max(days))
    select = filled(connection, mart, select, days)
    columns = ", ".join(
        f"cast({column.name} as {ENGINE_TYPES[column.type]}) as {column.name}"
        for column in mart.all_columns
    )
    asked = ", ".join(f"date '{day}'" for day in days)
    query = f"select {columns} from ({select}) where event_date in ({asked})"
    found = copy_by_partition(connection, query, directory)
    written = {day: part for day, part in found.items() if day is not None}
    return {day: written.get(day) or _empty(mart, directory / f"{day}.parquet") for day in days}


def filled(
    connection: duckdb.DuckDBPyConnection, mart: Table, select: str, days: Collection[date]
) -> str:
    """The query of a mart, with what a library fills of some days where SQL cannot."""
    if mart.name not in FILLED:
        return select
    rows = connection.execute(select).to_arrow_table()
    connection.register("filled_rows", FILLED[mart.name](rows, days))
    return "select * from filled_rows"


def select_for_audiences(
    connection: duckdb.DuckDBPyConnection, mart: Table, start: date, end: date
) -> str:
    """The query of a mart for everybody, and then for people: events of bots are not theirs.

    On days that no bot touches the rows of people are those of everybody.
    """
    everybody = rendered(mart_sql(mart), range_values(start, end))
    if AUDIENCE not in mart.columns:
        return everybody
    text = EVENTS_NAME.sub("lake.people_events", mart_sql(mart))
    people = rendered(text, range_values(start, end, "people"))
    reads = [read for read in mart.inputs if read.key == BOT_VERDICTS.key]
    if not reads:
        return f"select * from ({everybody}) union all select * from ({people})"
    connection.execute(PEOPLE_EVENTS)
    connection.execute(f"create or replace temp table for_everybody as {everybody}")
    touched = _touched_days(connection, reads[0])
    is_touched = f"event_date in ({touched})" if touched else "false"
    return f"""
        select * from for_everybody
        union all
        select * replace ('people' as audience) from for_everybody where not ({is_touched})
        union all
        select * from ({people}) where {is_touched}
    """


def _touched_days(connection: duckdb.DuckDBPyConnection, read: Input) -> str:
    """Days that read a day with a bot, as literals."""
    query = "select distinct event_date from lake.bot_verdicts where is_excluded"
    days = {day for (day,) in connection.execute(query).fetchall()}
    offsets = range(-read.days_before, read.days_after + 1)
    found = {day - timedelta(days=offset) for day in days for offset in offsets}
    return ", ".join(f"date '{day}'" for day in sorted(found))


def _empty(mart: Table, path: Path) -> WrittenPartition:
    path.parent.mkdir(exist_ok=True)
    return write_table(arrow_schema(mart.all_columns).empty_table(), path)


def show_draft(
    connection: duckdb.DuckDBPyConnection, mart: Table, written: dict[date, WrittenPartition]
) -> None:
    """Make what was built readable under the name of the mart, for checks and previews."""
    files = ", ".join(f"'{path}'" for part in written.values() for path in part.files)
    connection.execute(f"create schema if not exists {mart.layer}")
    connection.execute(
        f"create or replace view {mart.layer}.{mart.name} as select * from read_parquet([{files}])"
    )


def contract_problems(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Problem]:
    """Where the rows now shown under a table's name break its contract."""
    rows = broken_rows(connection, table, f"{table.layer}.{table.name}", "event_date")
    return [Problem("contract_is_kept", "error", day, message) for day, message in rows]


def check_problems(
    connection: duckdb.DuckDBPyConnection, check: Check, days: Sequence[date]
) -> list[Problem]:
    """The days that break a rule, with the first offending rows."""
    sql = rendered(check.sql, range_values(min(days), max(days)))
    rows = connection.execute(sql).to_arrow_table()
    if not rows.num_rows:
        return []
    found = rows.column("event_date").to_pylist() if "event_date" in rows.column_names else [None]
    return [
        Problem(check.name, check.severity, day, _examples(rows, day))
        for day in sorted(set(found), key=str)
    ]


def _examples(rows: pa.Table, day: date | None) -> str:
    """How many rows break a rule, and the first of them: `2 rows: (a 1, b 2); (a 3, b 4)`."""
    offending = [row for row in rows.to_pylist() if day is None or row["event_date"] == day]
    shown = [
        ", ".join(f"{name} {value}" for name, value in row.items()) for row in offending[:EXAMPLES]
    ]
    return f"{len(offending)} rows: {'; '.join(f'({row})' for row in shown)}"
