"""Marts with a few made-up rows, by their contracts: audiences, three days, four categories."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import duckdb
import pyarrow as pa

from ecom_platform.contracts.table import Column, Table
from ecom_platform.tables.parquet import arrow_schema

DAYS = (date(2026, 1, 5), date(2026, 1, 7))
VALUES: dict[str, tuple[Any, ...]] = {
    "audience": ("all", "people"),
    "event_date": tuple(DAYS[0] + timedelta(days=n) for n in range(3)),
    "category_code": (
        *("electronics.audio", "electronics", "apparel", "electronicsx"),
        "electronics.x,apparel",
    ),
    "brand": ("brand a", "<script>alert(1)</script>", "=1+1"),
    "marketing_need": ("needs_exposure",),
}


def fill(connection: duckdb.DuckDBPyConnection, *marts: Table) -> None:
    """Make marts readable under the names that queries know them by."""
    connection.execute("create schema if not exists marts")
    for mart in marts:
        connection.register("made_up", table_of(mart))
        connection.execute(f"create table marts.{mart.name} as select * from made_up")
        connection.unregister("made_up")


def table_of(mart: Table) -> pa.Table:
    """All made-up rows of a mart."""
    return pa.Table.from_pylist(list(rows_of(mart)), schema=arrow_schema(mart.all_columns))


def rows_of(mart: Table) -> Iterator[dict[str, Any]]:
    """Every combination of what distinguishes rows; figures differ from row to row."""
    names = [column.name for column in mart.all_columns]
    keys = [name for name in ("event_date", "category_code", "brand", "audience") if name in names]
    for number, chosen in enumerate(product(*(VALUES[name] for name in keys)), start=1):
        key = dict(zip(keys, chosen, strict=True))
        # People are fewer than everybody, by another share in each row.
        size = number if key.get("audience") == "people" else 3 * number
        yield {c.name: key.get(c.name, _value(c, number, size)) for c in mart.all_columns}


def _value(column: Column, number: int, size: int) -> object:
    if column.accepted_values:
        return VALUES.get(column.name, column.accepted_values)[0]
    return {
        "bigint": size + len(column.name) * (number % 5),
        "int": number % 7 + 1,
        "double": size / 8,
        "boolean": number % 2 == 0,
        "string": f"text {number}",
        "date": DAYS[0],
        "timestamp": None if column.nullable else pa.scalar(number, pa.timestamp("us")).as_py(),
    }.get(column.type, size)
