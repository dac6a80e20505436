"""Rows that only one of two answers has: exact but for doubles, of which 1e-9 may differ."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

TOLERANCE = 1e-9
"""Relative: engines add doubles in other orders."""
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER")
LARGEST = "DECIMAL(38,0)"


@dataclass(frozen=True)
class Difference:
    """How many rows two answers have, how many only one of them has, and one of these."""

    row_count: int
    differing_row_count: int
    example: str = ""
    error: str = ""
    """What the engine refused the question with."""


def difference(expected: Path, found: Path) -> Difference:
    """Hold an engine's answer against what was expected.

    Rows are paired by all columns that are no doubles; of equal ones in the order of the doubles.
    """
    with duckdb.connect() as connection:
        wanted, given = (_types(connection, path) for path in (expected, found))
        if list(wanted) != list(given):
            return Difference(0, 1, f"columns {list(given)}, wanted {list(wanted)}")
        kinds = {name: _common(wanted[name], given[name]) for name in wanted}
        for side, path in (("expected", expected), ("found", found)):
            connection.execute(_numbered(side, path, kinds))
        is_equal = " and ".join(
            f"e.{name} is not distinct from f.{name}" for name in (*_exact(kinds), "twin")
        )
        near = " and ".join(_near(name) for name, kind in kinds.items() if kind == "DOUBLE")
        joined = f"from expected e full join found f on {is_equal}"
        differs = f"e.twin is null or f.twin is null or not ({near or 'true'})"
        (rows,) = _one(connection, "select count(*) from expected")
        (count,) = _one(connection, f"select count(*) {joined} where {differs}")
        shown = connection.execute(f"select e, f {joined} where {differs} limit 1").fetchone()
        return Difference(rows, count, f"expected {shown[0]}, found {shown[1]}" if shown else "")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int]:
    found: tuple[int] = connection.execute(sql).fetchall()[0]
    return found


def _types(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    rows = connection.execute(f"describe select * from read_parquet('{path}')").fetchall()
    return {name.lower(): str(kind) for name, kind, *_ in rows}


def _common(one: str, other: str) -> str:
    """A type that holds what both say: no cast of it may hide a difference."""
    pair = {one, other}
    if "DOUBLE" in pair or "FLOAT" in pair:
        return "DOUBLE"
    if pair <= {*WHOLE, LARGEST}:
        return LARGEST
    if all(kind.startswith("DECIMAL") or kind in WHOLE for kind in pair):
        scales = [int(k.rstrip(")").split(",")[1]) for k in pair if k.startswith("DECIMAL")]
        return f"DECIMAL(38,{max(scales)})"
    if pair <= {"DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}:
        return "TIMESTAMP"
    return one if one == other else "VARCHAR"


def _exact(kinds: dict[str, str]) -> list[str]:
    return [name for name, kind in kinds.items() if kind != "DOUBLE"]


def _numbered(side: str, path: Path, kinds: dict[str, str]) -> str:
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in kinds.items())
    keys = ", ".join(_exact(kinds)) or "true"
    doubles = ", ".join(name for name, kind in kinds.items() if kind == "DOUBLE") or "true"
    return f"""
        create table {side} as
        select *, row_number() over (partition by {keys} order by {doubles}) as twin
        from (select {columns} from read_parquet('{path}'))
    """


def _near(name: str) -> str:
    return (
        f"(e.{name} is not distinct from f.{name} or coalesce("
        f"abs(e.{name} - f.{name}) <= {TOLERANCE} * greatest(abs(e.{name}), abs(f.{name})), false))"
    )
