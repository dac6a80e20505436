"""Writing the rows of a query as Parquet, one folder a partition.

What does not belong here: where these files go and how they are published (`resources`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ecom_platform.contracts import Column

ARROW_TYPES = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "decimal(14,2)": pa.decimal128(14, 2),
    "decimal(20,2)": pa.decimal128(20, 2),
}

ENGINE_TYPES = {**{name: name for name in ARROW_TYPES}, "string": "varchar"}
"""The same types as DuckDB writes them."""


@dataclass(frozen=True)
class WrittenPartition:
    """Parquet files of one partition, still on local disk.

    Attributes:
        files: the files, in the order written.
        row_count: rows in all of them.
        byte_count: their size.
        null_counts: nulls by column, as the writer counted them.

    """

    files: tuple[Path, ...]
    row_count: int
    byte_count: int
    null_counts: dict[str, int]


def copy_by_partition(
    connection: duckdb.DuckDBPyConnection, select: str, directory: Path
) -> dict[date | None, WrittenPartition]:
    """Run a query with a column `event_date`, and write its rows by day below `directory`.

    The day stands in the files too, so that a reader of single files needs no path. Rows without a
    day come under `None`.
    """
    stats = connection.execute(
        f"copy ({select}) to '{directory}' (format parquet, compression zstd,"
        " partition_by (event_date), write_partition_columns true, return_stats)"
    ).fetchall()
    found: dict[date | None, WrittenPartition] = {}
    for path, row_count, byte_count, _footer, columns, keys in stats:
        day = _day(keys["event_date"])
        nulls = {n.strip('"'): int(s.get("null_count", 0)) for n, s in columns.items()}
        part = WrittenPartition((Path(path),), row_count, byte_count, nulls)
        found[day] = _joined(found[day], part) if day in found else part
    return found


def _day(text: str | None) -> date | None:
    return (
        None if text in (None, "NULL", "__HIVE_DEFAULT_PARTITION__") else date.fromisoformat(text)
    )


def _joined(first: WrittenPartition, second: WrittenPartition) -> WrittenPartition:
    return WrittenPartition(
        files=first.files + second.files,
        row_count=first.row_count + second.row_count,
        byte_count=first.byte_count + second.byte_count,
        null_counts={n: count + second.null_counts[n] for n, count in first.null_counts.items()},
    )


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema that Parquet files with these columns have."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])


def write_table(rows: pa.Table, path: Path) -> WrittenPartition:
    """Write a small table in one file."""
    pq.write_table(rows, path, compression="zstd")
    nulls = {name: rows[name].null_count for name in rows.column_names}
    return WrittenPartition((path,), rows.num_rows, path.stat().st_size, nulls)
