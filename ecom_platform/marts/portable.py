"""A mart's query as SELECTs that find their tables in a catalog, for engines other than DuckDB.

The SQL of marts is written in what DuckDB, Trino (which is Athena) and Spark share; they differ in
the names of tables and types alone. Each input stands in front as a common table expression of the
days that are read and no others, so that every engine prunes partitions and sees the rows that
DuckDB is shown. What does not belong here: running a query.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from ecom_platform.contracts import TABLES, Table, marts
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.contracts.mart_columns import AUDIENCE
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.marts.queries import mart_sql, range_values, rendered
from ecom_platform.tables.literals import literal

Key = tuple[str, str]
Days = tuple[date, date]
"""The first and the last day of a range."""

COMMENT = re.compile(r"^\s*--.*$\n?", re.MULTILINE)
"""Athena may take a semicolon in a comment for the end of the query."""
FIRST_WITH = re.compile(r"^with ", re.MULTILINE)
PEOPLE_EVENTS = """lake_events as (
    select everybody.*
    from everybody
    left join (
        select distinct event_date, user_id from lake_bot_verdicts where is_excluded
    ) as bots on everybody.event_date = bots.event_date and everybody.user_id = bots.user_id
    where bots.user_id is null
)"""


@dataclass(frozen=True)
class Engine:
    """What an engine calls tables and types.

    Attributes:
        table_name: how a query names a table of the catalog.
        types: the types of contracts that it spells otherwise.

    """

    table_name: Callable[[Table], str]
    types: Mapping[str, str]

    def typed(self, column: str, kind: str) -> str:
        return f"cast({column} as {self.types.get(kind, kind)}) as {column}"


def athena(database_prefix: str) -> Engine:
    """Athena, and Trino, over the Glue catalog of an installation.

    Athena writes times to the millisecond, which is all that events have.
    """
    return Engine(
        table_name=lambda table: f"{database_prefix}{table.layer}.{table.name}",
        types={"string": "varchar", "int": "integer", "timestamp": "timestamp(3)"},
    )


def mart_selects(mart: Table, days: Days, engine: Engine) -> list[str]:
    """The rows of a mart for some days in its contract's types, a query an audience.

    A mart that is judged by its past gives the rows of earlier days too.
    """
    audiences = ["all", "people"] if AUDIENCE in mart.columns else ["all"]
    columns = ", ".join(engine.typed(one.name, one.type) for one in mart.all_columns)
    return [
        f"select {columns} from (\n{_of_audience(mart, days, engine, audience)}\n) as built"
        for audience in audiences
    ]


def named_query(sql: str, engine: Engine) -> str:
    """A question over the marts as somebody asks it by hand: of the newest day, where it asks of
    one.
    """
    newest = f"(select max(event_date) from {engine.table_name(marts.DAILY_VISITORS)})"
    for mart in marts.TABLES:
        sql = re.sub(rf"\b{mart.layer}\.{mart.name}\b", engine.table_name(mart), sql)
    return COMMENT.sub("", sql).replace("$end_date", newest)


def input_days(mart: Table, days: Days) -> dict[Key, Days]:
    """What a mart reads, and the first and last day of it."""
    return {read.key: read.dates(*days) for read in mart.inputs}


def rows_of(table: Table, days: Days, engine: Engine) -> str:
    """A query over some days of a table."""
    first, last = days
    return (
        f"select * from {engine.table_name(table)}"
        f" where event_date between date {literal(str(first))} and date {literal(str(last))}"
    )


def with_tables(sql: str, tables: Mapping[Key, str], more: str = "") -> str:
    """A query with each of its tables in front, under a name without a dot.

    Args:
        sql: the query, its parameters bound.
        tables: what stands for each.
        more: a further expression, behind them.

    """
    sql = COMMENT.sub("", sql)
    for layer, name in tables:
        sql = re.sub(rf"\b{layer}\.{name}\b", f"{layer}_{name}", sql)
    expressions = [f"{'_'.join(key)} as ({select})" for key, select in tables.items()]
    head = "with " + ",\n".join([*expressions, *([more] if more else [])])
    if FIRST_WITH.search(sql):
        return FIRST_WITH.sub(lambda _: f"{head},\n", sql, count=1)
    return f"{head}\n{sql}"


def _of_audience(mart: Table, days: Days, engine: Engine, audience: str) -> str:
    tables = {
        key: rows_of(TABLES[key], read, engine) for key, read in input_days(mart, days).items()
    }
    sql = rendered(mart_sql(mart), range_values(*days, audience))
    if audience == "all" or not tables.keys() >= {EVENTS.key, BOT_VERDICTS.key}:
        return with_tables(sql, tables)
    everybody = tables.pop(EVENTS.key)
    sql = re.sub(r"\blake\.events\b", "lake_events", sql)
    return with_tables(sql, tables, f"everybody as ({everybody}),\n{PEOPLE_EVENTS}")
