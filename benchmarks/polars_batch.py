"""`python -m benchmarks.polars_batch`: the work of `bare_batch` by Polars, marts in their own SQL.

It runs in an environment of its own (`polars_requirements.in`), reads the delivered files where
they were generated, and writes to the local disk. The others pay for S3; this favours Polars.
"""

import argparse
import json
import time
from pathlib import Path

import polars as pl

from benchmarks.phases import Phases
from ecom_platform.contracts import Table, marts
from ecom_platform.contracts.lake import EVENT_TYPES, EVENTS, SOURCE_COLUMNS
from ecom_platform.marts.queries import mart_sql, range_values, rendered

TIME_FORMAT = "%Y-%m-%d %H:%M:%S UTC"

TYPES: dict[str, pl.DataType] = {
    "bigint": pl.Int64(),
    "int": pl.Int32(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "string": pl.String(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "decimal(14,2)": pl.Decimal(14, 2),
    "decimal(20,2)": pl.Decimal(20, 2),
}
"""The contracts' types as Polars has them."""

DAYS_SINCE_MONDAY = "date_diff('day', date '2018-01-01', event_date) % 7 + 1"
ISO_WEEKDAY = "extract(isodow from event_date)"
"""Polars knows no `date_diff`; all else in the marts' SQL it reads as it stands."""

EVENT_DATE: dict[str, pl.DataType] = {"event_date": pl.Date()}


def main() -> None:
    arguments = _parser().parse_args()
    phases = Phases("polars")
    started = time.perf_counter()
    context: pl.SQLContext[pl.LazyFrame] = pl.SQLContext()
    phases.run("staging", lambda: write_events(arguments.events, arguments.out))
    phases.run("days", lambda: show_events(context, arguments.out))
    for mart in marts.OF_EVENTS:
        phases.run(mart.name, lambda mart=mart: write_mart(context, arguments.out, mart))  # type: ignore[misc]
    print(json.dumps({"wall_s": time.perf_counter() - started, "phases": phases.seconds}))


def write_events(events: Path, out: Path) -> None:
    """One pass over all files: typed, by day."""
    moment, category = pl.col("event_time"), pl.col("category_id")
    texts = [column.name for column in SOURCE_COLUMNS if column.type == "string"]
    rows = (
        _raw_events(events)
        .with_columns(
            moment.str.to_datetime(TIME_FORMAT, time_unit="us", strict=False),
            category.cast(pl.Int64, strict=False).alias("category_number"),
        )
        .filter(
            moment.is_not_null(),
            pl.col("event_type").is_in(EVENT_TYPES),
            pl.col("product_id").is_not_null(),
            category.is_null() | pl.col("category_number").is_not_null(),
            pl.col("price") >= 0,
            pl.col("user_id").is_not_null(),
            pl.col("surplus").is_null(),
            # Polars puts U+FFFD in the place of bytes that are not UTF-8; such rows are refused.
            ~pl.concat_str(texts, ignore_nulls=True).str.contains("\ufffd", literal=True),
        )
        .with_columns(
            pl.col("category_number").alias("category_id"),
            pl.lit("export").alias("source"),
            pl.lit(None, TYPES["string"]).alias("event_id"),
            pl.lit(None, TYPES["timestamp"]).alias("arrived_at"),
            moment.dt.hour().cast(pl.Int32).alias("event_hour"),
            moment.dt.date().alias("event_date"),
        )
    )
    names = [column.name for column in EVENTS.all_columns]
    _write(rows.select(names), out / "lake/events")


def _raw_events(events: Path) -> pl.LazyFrame:
    """Rows as delivered; a number that cannot be read is null, a tenth field is `surplus`."""
    # A category may be missing, yet a malformed one refuses its row: it is read as text first.
    as_text = dict.fromkeys(("event_time", "category_id", "surplus"), TYPES["string"])
    schema = {column.name: TYPES[column.type] for column in SOURCE_COLUMNS} | as_text
    return pl.scan_csv(
        events / "*.csv",
        schema=schema,
        quote_char=None,
        encoding="utf8-lossy",
        ignore_errors=True,
        extra_columns="ignore",
        missing_columns="insert",
    )


def show_events(context: pl.SQLContext[pl.LazyFrame], out: Path) -> None:
    """Make events readable, and what two marts ask of `lake.event_days`."""
    context.register("lake.events", _read(out / "lake/events"))
    ledger = context.execute(
        "select event_date, count(*) as kept_row_count, false as is_partial"
        " from lake.events group by event_date"
    )
    context.register("lake.event_days", ledger.collect().lazy())


def write_mart(context: pl.SQLContext[pl.LazyFrame], out: Path, mart: Table) -> None:
    """All days of a mart in one query, in the types of its contract."""
    days = context.execute(
        "select min(event_date) as first, max(event_date) as last from lake.event_days"
    ).collect()
    first, last = days.row(0)
    select = mart_sql(mart).replace(DAYS_SINCE_MONDAY, ISO_WEEKDAY)
    rows = context.execute(rendered(select, range_values(first, last)))
    columns = [pl.col(column.name).cast(TYPES[column.type]) for column in mart.all_columns]
    _write(rows.select(columns), out / mart.path)
    context.register(f"{mart.layer}.{mart.name}", _read(out / mart.path))


def _write(rows: pl.LazyFrame, place: Path) -> None:
    by_day = pl.PartitionBy(place, key="event_date", include_key=True)
    rows.sink_parquet(by_day, compression="zstd", mkdir=True)


def _read(place: Path) -> pl.LazyFrame:
    return pl.scan_parquet(place, hive_partitioning=True, hive_schema=EVENT_DATE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polars_batch")
    parser.add_argument("--events", type=Path, required=True, help="folder of the generated files")
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    return parser


if __name__ == "__main__":
    main()
