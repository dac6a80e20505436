"""`python -m benchmarks.staging --rows N`: a large raw file staged by DuckDB and by the Spark job.

The platform stages it twice, through Dagster: by the step itself, then by a local Spark through
Pipes, session included. Rows and refused rows of both are held against each other. The last line is
one JSON object. What does not belong here: the input (`batch_inputs`).
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.batch_inputs import made_up_files
from benchmarks.figures import rounded
from benchmarks.fresh_platform import WORK, fresh_platform
from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import Table
from ecom_platform.contracts.lake import QUARANTINED_EVENTS, STAGED_EVENTS
from ecom_platform.definitions import definitions_on
from ecom_platform.resources.staging_job import LocalStagingJob
from ecom_platform.settings import LOCAL_SPARK, Settings
from ecom_platform.traffic.manifest import read_manifest

DAYS = 28


def main() -> None:
    arguments = _parser().parse_args()
    events = made_up_files(WORK, arguments.rows, DAYS, arguments.dirt)
    with tempfile.TemporaryDirectory(dir=WORK, prefix="staging-") as name:
        folder = Path(name)
        file = one_file(events, folder / "events.csv")
        with fresh_platform(folder, say=lambda _: None) as batch:
            found = measured(batch, file, arguments.split_bytes)
    print(json.dumps({name: rounded(value) for name, value in found.items()}))
    if found["differing_rows"]:
        sys.exit("error: Spark and DuckDB staged different rows")


def one_file(events: Path, path: Path) -> Path:
    """All files of a folder in one, below one header."""
    with path.open("wb") as whole:
        for place, file in enumerate(read_manifest(events)["files"]):
            with (events / file["name"]).open("rb") as part:
                header = part.readline()
                if place == 0:
                    whole.write(header)
                shutil.copyfileobj(part, whole)
    return path


def measured(batch: Batch, file: Path, split_bytes: int) -> dict[str, Any]:
    print(f"staging {file.stat().st_size:,} bytes by DuckDB", flush=True)
    deliver([file], Settings.from_environment())
    started = time.perf_counter()
    names = batch.take_in()
    duckdb_s = time.perf_counter() - started
    before = shown(batch)
    print(f"{duckdb_s:.1f} s; the same by Spark", flush=True)
    started = time.perf_counter()
    by_spark(batch, split_bytes).stage(names)
    spark_s = time.perf_counter() - started
    (verdict,) = batch.verdicts()
    return {
        "benchmark": "staging",
        "rows": verdict.read_row_count,
        "refused_rows": verdict.refused_row_count,
        "bytes": file.stat().st_size,
        "splits": -(-file.stat().st_size // split_bytes),
        "duckdb_s": duckdb_s,
        "spark_s": spark_s,
        "ratio": spark_s / duckdb_s,
        "differing_rows": differing_rows(batch, before, shown(batch)),
    }


def by_spark(batch: Batch, split_bytes: int, command: str = LOCAL_SPARK) -> Batch:
    """The same platform; Spark reads every file."""
    job = LocalStagingJob(
        objects=batch.tables.objects, from_bytes=1, split_bytes=split_bytes, command=command
    )
    resources = replace(batch.resources, staging_job=job)
    return replace(batch, resources=resources, definitions=definitions_on(resources))


def shown(batch: Batch) -> dict[Table, list[str]]:
    return {
        table: [part.location for part in batch.tables.catalog.partitions(table)]
        for table in (STAGED_EVENTS, QUARANTINED_EVENTS)
    }


def differing_rows(
    batch: Batch, before: dict[Table, list[str]], after: dict[Table, list[str]]
) -> int:
    """Rows that one of two versions has and the other lacks."""
    count = 0
    with batch.engine.lake_workspace() as (connection, _):
        for table, places in before.items():
            sides = [_counted(table, places), _counted(table, after[table])]
            count += _differing(connection, sides)
    return count


def _counted(table: Table, places: Sequence[str]) -> str:
    """Each row, and how often it is there; sorting millions of rows would take longer."""
    columns = ", ".join(column.name for column in table.columns)
    files = [f"{place}*.parquet" for place in places]
    return f"select {columns}, count(*) as copies from read_parquet({files}) group by all"


def _differing(connection: duckdb.DuckDBPyConnection, sides: Sequence[str]) -> int:
    first, second = sides
    answer = connection.execute(
        f"select (select count(*) from ({first} except {second}))"
        f" + (select count(*) from ({second} except {first}))"
    ).fetchone()
    return int(answer[0]) if answer else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.staging", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--dirt", type=float, default=0.0005, help="share of broken rows")
    parser.add_argument("--split-bytes", type=int, default=128 << 20)
    return parser


if __name__ == "__main__":
    main()
