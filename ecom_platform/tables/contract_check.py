"""The one check of written Parquet against a contract: columns, types, nulls, values and keys.

What does not belong here: rules that one table alone has (`marts/checks`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ecom_platform.contracts import Column, Table
from ecom_platform.tables.errors import ContractBrokenError
from ecom_platform.tables.literals import literal
from ecom_platform.tables.parquet import WrittenPartition, arrow_schema


def broken_schema(table: Table, files: Sequence[Path]) -> list[str]:
    """What the columns of some files have else than the contract: names, order or types.

    A file of a partition may hold the partition's columns or leave them to the path.
    """
    problems = []
    for path in files:
        schema = pq.read_schema(path)
        wanted = arrow_schema(
            c for c in table.all_columns if c in table.columns or c.name in schema.names
        )
        if not schema.equals(wanted):
            problems.append(f"{path.name}: {_difference(wanted, schema)}")
    return problems


def _difference(wanted: pa.Schema, schema: pa.Schema) -> str:
    pairs = {field.name: str(field.type) for field in schema}
    differing = [
        f"{field.name} is {pairs.get(field.name, 'missing')}, not {field.type}"
        for field in wanted
        if pairs.get(field.name) != str(field.type)
    ]
    extra = [f"{name} is not in the contract" for name in pairs if name not in wanted.names]
    return "; ".join([*differing, *extra]) or "the columns are in another order"


def value_rules(columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
    """What is wrong with a row, and the SQL that says so, for every column."""
    for column in columns:
        if not column.nullable:
            yield f"{column.name} is null", f"{column.name} is null"
        if column.accepted_values:
            values = ", ".join(map(literal, column.accepted_values))
            yield f"{column.name} has another value", f"{column.name} not in ({values})"


def broken_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, relation: str, group: str
) -> list[tuple[Any, str]]:
    """Group (a day, say) and what is wrong in it: nulls and values in one pass, keys in another."""
    rules = dict(value_rules(table.all_columns))
    counts = ", ".join(f"count(*) filter (where {rule})" for rule in rules.values())
    rows = connection.execute(f"select {group}, {counts} from {relation} group by 1").fetchall()
    problems = [
        (key, f"{message} in {count} rows")
        for key, *found in rows
        for message, count in zip(rules, found, strict=True)
        if count
    ]
    if table.primary_key:
        keys = ", ".join(table.primary_key)
        repeats = connection.execute(
            f"with repeats as (select {group} as place from {relation}"
            f" group by {group}, {keys} having count(*) > 1)"
            " select place, count(*) from repeats group by 1"
        ).fetchall()
        problems += [(key, f"({keys}) is not unique in {count} rows") for key, count in repeats]
    return problems


def check_contract(
    connection: duckdb.DuckDBPyConnection, table: Table, parts: Sequence[WrittenPartition]
) -> None:
    """Hold the files of a publication against the contract of their table.

    Nulls were counted as the files were written; only columns whose values are limited, and keys,
    are read again.

    Raises:
        ContractBrokenError: a column, a type, a null, a value or a key is not as the contract says.

    """
    files = [path for part in parts for path in part.files]
    problems = broken_schema(table, files)
    for column in table.all_columns:
        nulls = sum(part.null_counts.get(column.name, 0) for part in parts)
        if nulls and not column.nullable:
            problems.append(f"{column.name} is null in {nulls} rows")
    if not problems and any(part.row_count for part in parts):
        problems = _broken_values(connection, table, files)
    if problems:
        raise ContractBrokenError(f"{table.path}: {'; '.join(problems)}")


def _broken_values(
    connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[Path]
) -> list[str]:
    """Values and keys of the columns that the files hold; what the path says is one for all."""
    paths = ", ".join(literal(str(path)) for path in files)
    relation = f"read_parquet([{paths}], hive_partitioning = false)"
    problems = []
    for column in (column for column in table.columns if column.accepted_values):
        values = connection.execute(f"select distinct {column.name} from {relation}").fetchall()
        others = {value for (value,) in values if value is not None} - set(column.accepted_values)
        problems += [f"{column.name} has another value: {sorted(others)}"] if others else []
    held = [column.name for column in table.columns]
    if keys := ", ".join(name for name in table.primary_key if name in held):
        repeats = connection.execute(
            f"with repeats as (select 1 from {relation} group by {keys} having count(*) > 1)"
            " select count(*) from repeats"
        ).fetchall()[0][0]
        problems += [f"({keys}) is not unique in {repeats} rows"] if repeats else []
    return problems
