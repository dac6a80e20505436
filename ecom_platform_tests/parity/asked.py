"""Every mart, check, rule and named query, and the planted bugs, as questions to one engine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from benchmarks.spark_dialect import spark_sql, view_name
from ecom_platform.commands.answers import QUESTIONS
from ecom_platform.contracts import TABLES, Table, marts
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.marts.portable import (
    Days,
    Engine,
    athena,
    input_days,
    mart_selects,
    named_query,
    rows_of,
    with_tables,
)
from ecom_platform.marts.queries import mart_checks, range_values, rendered
from ecom_platform_tests.parity.pruning import pruning_questions
from ecom_platform_tests.parity.questions import Question
from ecom_platform_tests.parity.rules import rule_questions

DAMAGE = 1_000_000
COUNTED = ("bigint", "int", "double", "decimal(14,2)", "decimal(20,2)")


@dataclass(frozen=True)
class Asked:
    """An engine, its dialect as `sqlglot` names it, and what the SQL of marts must be put into."""

    engine: Engine
    dialect: str
    translate: Callable[[str], str] = str


def asked_of(name: str, database_prefix: str) -> Asked:
    """How one of the three engines is asked."""
    return {
        "duckdb": Asked(
            Engine(lambda table: f"{table.layer}.{table.name}", {"string": "varchar"}), "duckdb"
        ),
        "trino": Asked(athena(database_prefix), "trino"),
        # Its temporary views belong to no database.
        "spark": Asked(
            Engine(lambda table: view_name(table.layer, table.name), {}), "spark", spark_sql
        ),
    }[name]


def questions(days: Sequence[date], asked: Asked) -> list[Question]:
    """All that is asked of an engine over the days that have events."""
    engine = asked.engine
    return [
        *_marts(days, asked),
        *_checks((min(days), max(days)), asked),
        *_named_queries(asked),
        *rule_questions(asked.dialect, engine.table_name(EVENTS)),
        *_planted_bugs(engine),
        *pruning_questions(days, engine),
    ]


def _marts(days: Sequence[date], asked: Asked) -> Iterator[Question]:
    # Days without events are never built.
    among = ", ".join(f"date '{day}'" for day in days)
    for mart in marts.TABLES:
        selects = mart_selects(mart, (min(days), max(days)), asked.engine)
        rows = " union all ".join(f"({asked.translate(select)})" for select in selects)
        sql = f"select * from ({rows}) as built where event_date in ({among})"
        yield Question(mart.path, "mart", sql)


def _checks(days: Days, asked: Asked) -> Iterator[Question]:
    """Each check over what is published, where it should find nothing, and over damaged figures."""
    for mart in marts.TABLES:
        published = rows_of(mart, days, asked.engine)
        for check in mart_checks(mart):
            sql = rendered(check.sql, range_values(*days))
            for what, rows in (("published", published), ("damaged", damaged(mart, published))):
                tables = {
                    key: rows_of(TABLES[key], read, asked.engine)
                    for key, read in input_days(mart, days).items()
                }
                found = with_tables(sql, {**tables, mart.key: rows})
                name = f"{mart.name}.{check.name}.{what}"
                yield Question(name, "check", asked.translate(found))


def damaged(mart: Table, rows: str) -> str:
    """The rows of a mart, every figure of every second day too high, the later ones the more."""
    columns = [
        f"cast(case when extract(day from event_date) % 2 = 0"
        f" then {column.name} + {place * DAMAGE} else {column.name} end as {column.type})"
        f" as {column.name}"
        if column.type in COUNTED and column.name not in mart.primary_key
        else "true as is_unusual"
        if column.name == "is_unusual"
        else column.name
        for place, column in enumerate(mart.all_columns, start=1)
    ]
    return f"select {', '.join(columns)} from ({rows}) as published"


def _named_queries(asked: Asked) -> Iterator[Question]:
    for path in sorted(QUESTIONS.glob("*.sql")):
        sql = named_query(path.read_text(), asked.engine)
        yield Question(path.stem, "named query", asked.translate(sql))


PLANTED = {
    "integer_division": """
        select event_date, audience, purchase_count / visitor_count as rate
        from marts.daily_visitors
    """,
    "day_of_week": """
        select event_date, audience, extract(dow from event_date) as weekday
        from marts.daily_visitors
    """,
    "null_ordering": """
        select
            event_date, audience, brand,
            row_number() over (partition by event_date, audience order by lift, brand) as place
        from marts.brand_marketing_needs
    """,
    "timestamp_zone": """
        select
            event_date, audience,
            min(extract(hour from first_carted_at at time zone 'Asia/Kathmandu')) as first_hour
        from marts.abandoned_carts group by event_date, audience
    """,
    "decimal_rounding": """
        select event_date, audience, avg(last_cart_price) as mean_price
        from marts.abandoned_carts group by event_date, audience
    """,
}
"""What engines read alike and answer differently: each must show as rows that differ."""


def _planted_bugs(engine: Engine) -> Iterator[Question]:
    for name, sql in PLANTED.items():
        # Nobody translates what somebody wrote without care.
        yield Question(name, "planted bug", named_query(sql, engine))
