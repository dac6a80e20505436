"""Whether two programs made the same marts: rows that one has and the other has not.

What does not belong here: running the programs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from ecom_platform.contracts import Table, marts
from ecom_platform.contracts.lake import EVENT_DAYS
from ecom_platform.marts.reach import reach
from ecom_platform.resources.table_store import TableStore

LONG_AGO, FAR_AHEAD = date(1, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True)
class Comparison:
    """Marts of all days that can be compared: `day_count` of `possible_day_count`."""

    row_count: int
    differing_row_count: int
    day_count: int
    possible_day_count: int


def compared(
    connection: duckdb.DuckDBPyConnection, tables: TableStore, other_place: str
) -> Comparison:
    """Hold the platform's marts against Parquet of the same names below another place.

    A re-delivered file is counted once by the platform alone. So a day of a mart is compared if its
    ledger knows of no re-delivered row on any of the days that it reads.
    """
    days = _redelivered_counts(connection, tables)
    found = [_mart(connection, tables, mart, other_place, days) for mart in marts.TABLES]
    return Comparison(
        row_count=sum(one.row_count for one in found),
        differing_row_count=sum(one.differing_row_count for one in found),
        day_count=sum(one.day_count for one in found),
        possible_day_count=sum(one.possible_day_count for one in found),
    )


def differing(connection: duckdb.DuckDBPyConnection, place: str, other_place: str) -> int:
    """Rows of everybody that only one of two places has, both with a folder a day.

    Peers make no verdicts, and so no rows of people.
    """
    return sum(
        differing_rows(
            connection,
            mart,
            (_folders(place, mart), _folders(other_place, mart)),
            "audience = 'all'",
        )[1]
        for mart in marts.OF_EVENTS
    )


def differing_rows(
    connection: duckdb.DuckDBPyConnection, mart: Table, places: tuple[str, str], where: str
) -> tuple[int, int]:
    """Rows in the first place, and those that only one of the two places has.

    Args:
        connection: reaches both places.
        mart: its contract names the columns.
        places: two lists of Parquet files, as `read_parquet` takes them.
        where: which rows are compared.

    """
    columns = ", ".join(column.name for column in mart.all_columns)
    one, other = (
        f"(select {columns} from read_parquet({files}, hive_partitioning = true) where {where})"
        for files in places
    )
    counts: tuple[int, int] = connection.execute(
        f"""
        select
            (select count(*) from {one}),
            (select count(*) from (from {one} except all from {other}))
            + (select count(*) from (from {other} except all from {one}))
        """
    ).fetchall()[0]
    return counts


def _mart(
    connection: duckdb.DuckDBPyConnection,
    tables: TableStore,
    mart: Table,
    other_place: str,
    redelivered: dict[date, int],
) -> Comparison:
    days = [day for day in redelivered if not _reads_redelivered(mart, day, redelivered)]
    if not days:
        return Comparison(0, 0, 0, len(redelivered))
    asked = ", ".join(f"date '{day}'" for day in days)
    places = (_files(tables, mart), _folders(other_place, mart))
    rows, differing = differing_rows(connection, mart, places, f"event_date in ({asked})")
    return Comparison(rows, differing, len(days), len(redelivered))


def _reads_redelivered(mart: Table, day: date, redelivered: dict[date, int]) -> bool:
    before, after = reach(mart)
    read = (day + timedelta(days=offset) for offset in range(-before, after + 1))
    return any(redelivered.get(other) for other in read)


def _redelivered_counts(
    connection: duckdb.DuckDBPyConnection, tables: TableStore
) -> dict[date, int]:
    rows: Sequence[tuple[date, int]] = connection.execute(
        "select event_date, redelivered_row_count"
        f" from read_parquet({_files(tables, EVENT_DAYS)}) where kept_row_count > 0"
    ).fetchall()
    return dict(rows)


def _folders(place: str, table: Table) -> str:
    return f"'{place}{table.path}/*/*.parquet'"


def _files(tables: TableStore, table: Table) -> str:
    """The files that the catalog shows of a table."""
    parts = tables.locations(table, LONG_AGO, FAR_AHEAD)
    return "[" + ", ".join(f"'{part.location}*.parquet'" for part in parts) + "]"
