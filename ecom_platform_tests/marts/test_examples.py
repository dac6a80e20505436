"""Each mart on the rows of its example file: what goes in, what must come out.

An example names its inputs by table; columns that it leaves out are filled with what a plain event
has. Expected rows name only the columns that the example is about, but they must be all the rows.
"""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from ecom_platform.contracts import TABLES, Table, marts
from ecom_platform.marts.queries import mart_checks, mart_sql, range_values, rendered
from ecom_platform.tables.parquet import ENGINE_TYPES

EXAMPLES = Path(__file__).parent / "examples"
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


def cases() -> list[Any]:
    found = []
    for path in sorted(EXAMPLES.glob("*.yaml")):
        for name, case in yaml.safe_load(path.read_text()).items():
            found.append(pytest.param(path.stem, case, id=f"{path.stem}-{name}"))
    return found


@pytest.mark.parametrize(("name", "case"), cases())
def test_mart_gives_the_rows_of_its_example(name: str, case: dict[str, Any]) -> None:
    mart = TABLES["marts", name]
    with duckdb.connect() as connection:
        for read in mart.inputs:
            table = TABLES[read.key]
            show(connection, table, case["given"].get(table.name, []))
        start, end = days_of(case)
        sql = rendered(mart_sql(mart), range_values(start, end))
        expected = case["expected"]
        columns = sorted({column for row in expected for column in row}) or ["audience"]
        answer = connection.execute(f"select {', '.join(columns)} from ({sql})").fetchall()

    found = sorted([as_text(value) for value in row] for row in answer)
    wanted = sorted([as_text(row.get(column)) for column in columns] for row in expected)
    assert found == wanted, columns


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
def test_mart_has_the_columns_of_its_contract(mart: Table) -> None:
    with duckdb.connect() as connection:
        for read in mart.inputs:
            show(connection, TABLES[read.key], [])
        sql = rendered(mart_sql(mart), range_values(date(2026, 1, 1), date(2026, 1, 2)))
        answer = connection.execute(sql)
        names = [column[0] for column in answer.description or []]
        assert names == [column.name for column in mart.all_columns]
        assert answer.fetchall() == []
        show(connection, mart, [])
        for table in TABLES.values():
            show(connection, table, [])
        for check in mart_checks(mart):
            values = range_values(date(2026, 1, 1), date(2026, 1, 2))
            assert connection.execute(rendered(check.sql, values)).fetchall() == []


def days_of(case: dict[str, Any]) -> tuple[date, date]:
    start, _, end = str(case["days"]).partition(" to ")
    return date.fromisoformat(start), date.fromisoformat(end or start)


def show(connection: duckdb.DuckDBPyConnection, table: Table, given: list[dict[str, Any]]) -> None:
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
