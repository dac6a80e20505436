"""Examples of marts and of their checks: rows that are given, and what must come out.

An example names its inputs by table; columns that it leaves out are filled with what a plain event
has. Expected rows name only the columns that the example is about, but they must be all the rows.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import duckdb
import yaml

from ecom_platform.contracts import TABLES, Table
from ecom_platform.marts.queries import Value, mart_sql, range_values, rendered
from ecom_platform.tables.parquet import ENGINE_TYPES
from ecom_platform_tests.support.places import ROOT

EXAMPLES = ROOT / "ecom_platform_tests/marts/examples"
CHECK_EXAMPLES = ROOT / "ecom_platform_tests/marts/check_examples"
PLAIN: dict[str, Any] = {
    "event_type": "view",
    "product_id": 1,
    "category_id": 1,
    "category_code": "a.b",
    "brand": "acme",
    "price": "10.00",
    "user_id": 1,
    "user_session": "s1",
    "source": "export",
    "audience": "all",
    "is_partial": False,
    "kept_row_count": 1,
    "cart_count": 0,
    "revenue_amount": 0,
}

Rows = list[list[str]]


def examples_of(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The examples of a mart, by name."""
    yield from yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text()).items()


def check_examples_of(stem: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The examples of a check, `<mart>__<rule>`, by name."""
    yield from yaml.safe_load((CHECK_EXAMPLES / f"{stem}.yaml").read_text()).items()


def rows_and_expected(
    name: str,
    case: Mapping[str, Any],
    *,
    sql: str | None = None,
    parameters: Mapping[str, Value] | None = None,
) -> tuple[Rows, Rows]:
    """What a mart, or another text of it, makes of an example, and what it must."""
    mart = TABLES["marts", name]
    with duckdb.connect() as connection:
        for read in mart.inputs:
            table = TABLES[read.key]
            show(connection, table, case["given"].get(table.name, []))
        values = {
            **range_values(*days_of(case)),
            **case.get("parameters", {}),
            **(parameters or {}),
        }
        query = rendered(sql or mart_sql(mart), values)
        expected = case["expected"]
        columns = sorted({column for row in expected for column in row}) or ["event_date"]
        answer = connection.execute(f"select {', '.join(columns)} from ({query})").fetchall()
    found = sorted([as_text(value) for value in row] for row in answer)
    wanted = sorted([as_text(row.get(column)) for column in columns] for row in expected)
    return found, wanted


def offending_rows(
    case: Mapping[str, Any], sql: str, parameters: Mapping[str, Value] | None = None
) -> list[dict[str, str]]:
    """The rows that a check finds wrong in an example, by the columns that it is about."""
    given = {TABLES[tuple(name.split("."))]: rows for name, rows in case["given"].items()}
    with duckdb.connect() as connection:
        for table in TABLES.values():
            show(connection, table, given.get(table, []))
        values = {**range_values(date(2026, 1, 1), date(2026, 1, 31)), **(parameters or {})}
        rows = connection.execute(rendered(sql, values)).to_arrow_table().to_pylist()
    columns = sorted({name for row in expected_rows(case) for name in row})
    found = [{name: str(row[name]) for name in columns} for row in rows]
    return sorted(found, key=lambda row: sorted(row.items()))


def expected_rows(case: Mapping[str, Any]) -> list[dict[str, str]]:
    """What an example expects: days alone, or rows with other columns too."""
    entries = [one if isinstance(one, dict) else {"event_date": one} for one in case["offending"]]
    rows = [{name: str(value) for name, value in one.items()} for one in entries]
    return sorted(rows, key=lambda row: sorted(row.items()))


def days_of(case: Mapping[str, Any]) -> tuple[date, date]:
    start, _, end = str(case["days"]).partition(" to ")
    return date.fromisoformat(start), date.fromisoformat(end or start)


def show(connection: duckdb.DuckDBPyConnection, table: Table, given: list[dict[str, Any]]) -> None:
    """Make rows readable under the name of a table."""
    connection.execute(f"create schema if not exists {table.layer}")
    types = ", ".join(f"{c.name} {ENGINE_TYPES[c.type]}" for c in table.all_columns)
    name = f"{table.layer}.{table.name}"
    connection.execute(f"create or replace table {name} ({types})")
    for row in given:
        times = {}
        if "event_time" in row:
            moment = str(row["event_time"])
            times = {"event_date": moment[:10], "event_hour": int(moment[11:13])}
        full = {**PLAIN, **times, **row}
        unknown = set(row) - {column.name for column in table.all_columns}
        assert not unknown, unknown
        values = [full.get(column.name) for column in table.all_columns]
        marks = ", ".join("?" for _ in values)
        connection.execute(f"insert into {name} values ({marks})", values)


def as_text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{float(value):.9g}"
    return str(value)
