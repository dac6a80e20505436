"""`python -m benchmarks.bare_batch`: the same answers from the same files by a bare DuckDB script.

It reads every delivered CSV object once, writes Parquet by day to S3, judges each day by the rules
on bots, and runs the marts' own SQL over it, for everybody and for people. It has no catalog, no
quarantine, no ledger, no checks, no memory limit, and takes rows of a re-delivered file twice: the
least that gives the same tables from clean input.
"""

import json
import time
from datetime import timedelta

import duckdb
import pyarrow as pa

from benchmarks.local_s3 import BARE_PREFIX, connected
from benchmarks.phases import Phases
from ecom_platform.contracts import Table, marts
from ecom_platform.contracts.lake import EVENT_COLUMNS, EVENT_TYPES
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.detection.verdicts import Archive, day_verdicts
from ecom_platform.lake.event_files import EXPORTS_PREFIX
from ecom_platform.lake.event_rules import CLASSIC_TIME
from ecom_platform.marts.building import filled, select_for_audiences
from ecom_platform.settings import Settings
from ecom_platform.tables.parquet import ENGINE_TYPES

SOURCE_TYPES = {column.name: ENGINE_TYPES[column.type] for column in EVENT_COLUMNS[:9]}

LEDGER = """
    create table lake.event_days as
    select event_date, count(*) as kept_row_count, false as is_partial
    from lake.events group by event_date
"""
"""What two marts ask of `lake.event_days`; no day is partial, as all files came after the last."""


def main() -> None:
    settings = Settings.from_environment()
    bucket = f"s3://{settings.data_bucket}"
    phases = Phases("bare")
    started, cpu_started = time.perf_counter(), time.process_time()
    with connected(settings.scratch_dir) as connection:
        phases.run("staging", lambda: write_events(connection, bucket))
        phases.run("days", lambda: show_events(connection, bucket))
        phases.run("bot_verdicts", lambda: write_verdicts(connection, bucket))
        for mart in marts.TABLES:
            phases.run(mart.name, lambda mart=mart: write_mart(connection, bucket, mart))  # type: ignore[misc]
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "phases": phases.seconds}))


def write_events(connection: duckdb.DuckDBPyConnection, bucket: str) -> None:
    """One pass over all files: typed, by day."""
    columns = ", ".join(f"'{name}': '{type_}'" for name, type_ in SOURCE_TYPES.items())
    types = ", ".join(f"'{name}'" for name in EVENT_TYPES)
    rows = f"""
        select
            *, 'export' as source, null::varchar as event_id, null::timestamp as arrived_at,
            cast(extract(hour from event_time) as int) as event_hour,
            cast(event_time as date) as event_date
        from read_csv(
            '{bucket}/{EXPORTS_PREFIX}*.csv', auto_detect = false, header = true, delim = ',',
            quote = '', escape = '', timestampformat = '{CLASSIC_TIME}', ignore_errors = true,
            columns = {{{columns}}}
        )
        where
            event_time is not null and event_type in ({types}) and product_id is not null
            and user_id is not null and price >= 0
    """
    write(connection, rows, f"{bucket}/{BARE_PREFIX}events")


def show_events(connection: duckdb.DuckDBPyConnection, bucket: str) -> None:
    connection.execute("create schema lake; create schema marts")
    show(connection, "lake.events", f"{bucket}/{BARE_PREFIX}events")
    connection.execute(LEDGER)


def write_verdicts(connection: duckdb.DuckDBPyConnection, bucket: str) -> None:
    """Every rule over each day."""
    rows = connection.execute("select event_date from lake.event_days order by 1").fetchall()
    found = [day_verdicts(connection, day, [], Archive()).rows for (day,) in rows]
    connection.register("verdicts", pa.concat_tables(found))
    write(connection, "from verdicts", f"{bucket}/{BARE_PREFIX}{BOT_VERDICTS.path}")
    connection.execute("create table lake.bot_verdicts as from verdicts")


def write_mart(connection: duckdb.DuckDBPyConnection, bucket: str, mart: Table) -> None:
    """All days of a mart in one query, in the types of its contract."""
    first, last = connection.execute(
        "select min(event_date), max(event_date) from lake.event_days"
    ).fetchall()[0]
    columns = ", ".join(
        f"cast({column.name} as {ENGINE_TYPES[column.type]}) as {column.name}"
        for column in mart.all_columns
    )
    place = f"{bucket}/{BARE_PREFIX}{mart.path}"
    select = select_for_audiences(connection, mart, first, last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    select = filled(connection, mart, select, days)
    write(connection, f"select {columns} from ({select})", place)
    show(connection, f"marts.{mart.name}", place)


def write(connection: duckdb.DuckDBPyConnection, select: str, place: str) -> None:
    """The rows of a query as Parquet, by day."""
    connection.execute(
        f"copy ({select}) to '{place}' (format parquet, compression zstd,"
        " partition_by (event_date), write_partition_columns true)"
    )


def show(connection: duckdb.DuckDBPyConnection, name: str, place: str) -> None:
    """Make Parquet readable under a name, by day."""
    connection.execute(
        f"create view {name} as from read_parquet('{place}/*/*.parquet', hive_partitioning = true)"
    )


if __name__ == "__main__":
    main()
