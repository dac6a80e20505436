"""The Spark job on a real Spark, started by Dagster through Pipes: it puts what DuckDB puts.

Every file of strangers, and made-up traffic with broken rows, under the job's own role.
"""

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from benchmarks.staging import by_spark
from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts.lake import FILE_TABLES, STAGED_EVENTS
from ecom_platform.lake.found_schemas import FoundSchema, differences
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.support.places import HEADER, REAL_SLICE, ROOT
from ecom_platform_tests.support.tables import records
from ecom_platform_tests.unit.test_file_cases import EXPECTED, path_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TINY = 400
"""Bytes of a split that cut even the smallest files."""


def strangers_files(folder: Path) -> list[Path]:
    """Each under a name of its own, and the real slice where it is at hand."""
    files = []
    for number, case in enumerate(EXPECTED):
        source = path_of(case)
        suffix = "".join(source.suffixes[-2:]) if source.suffix == ".gz" else ".csv"
        path = folder / f"case_{number:02}{suffix}"
        path.write_bytes(source.read_bytes())
        files.append(path)
    return files


def staged(batch: Batch) -> dict[str, list[str]]:
    return {
        table.name: sorted(repr(row) for row in records(batch, *table.key)) for table in FILE_TABLES
    }


def locations(batch: Batch) -> set[str]:
    return {
        part.location for table in FILE_TABLES for part in batch.tables.catalog.partitions(table)
    }


def check_both(batch: Batch, files: list[Path], split_bytes: int) -> None:
    deliver(files, Settings.from_environment())
    names = batch.take_in()
    assert len(names) == len(files)
    expected, before = staged(batch), locations(batch)
    by_spark(batch, split_bytes).stage(names)
    assert not before & locations(batch)
    assert "-data_" in "".join(batch.tables.objects.list_keys(STAGED_EVENTS.prefix)), "by no job"
    assert staged(batch) == expected


def test_strangers_files_are_staged_alike(batch: Batch, tmp_path: Path) -> None:
    check_both(batch, strangers_files(tmp_path), TINY)


def test_dirty_traffic_and_the_real_slice_are_staged_alike(batch: Batch, tmp_path: Path) -> None:
    folder = tmp_path / "traffic"
    traffic.main(
        [
            "generate",
            f"--out={folder}",
            "--seed=5",
            f"--start={date(2026, 1, 5)}",
            f"--end={date(2026, 1, 9)}",
            "--events-per-day=6000",
            "--dirt=0.02",
        ]
    )
    files = [*folder.glob("*.csv"), *([REAL_SLICE] if REAL_SLICE.exists() else [])]
    check_both(batch, files, 256_000)


def test_a_job_that_fails_fails_the_step_and_publishes_nothing(
    batch: Batch, tmp_path: Path
) -> None:
    (path,) = strangers_files(tmp_path)[:1]
    deliver([path], Settings.from_environment())
    with pytest.raises(RunFailedError):
        by_spark(batch, TINY, command="false").take_in()
    assert not locations(batch)


def spark_columns(file: Path) -> dict[str, str]:
    """What Spark's own inference, which Glue's jobs have, finds in a file."""
    program = ROOT / "ecom_platform_tests/support/spark_schema.py"
    found = subprocess.run(
        [str(ROOT / ".venv-spark/bin/python"), str(program), str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    columns: dict[str, str] = json.loads(found.stdout.splitlines()[-1])
    return columns


def test_spark_infers_what_staging_asks_for_and_shows_a_drift(tmp_path: Path) -> None:
    row = "2026-01-05 10:00:00 UTC,view,1,2053013555631882655,a.b,acme,12.50,5,s1"
    good, drifted = tmp_path / "good.csv", tmp_path / "drifted.csv"
    good.write_text(f"{HEADER}\n{row}\n")
    drifted.write_text(f"{HEADER}\n{row}\n{row.replace('view,1,', 'view,p1,')}\n")
    assert differences(FoundSchema("exports", "x", spark_columns(good))) == []
    assert differences(FoundSchema("exports", "x", spark_columns(drifted))) == [
        "x: product_id is string, wanted is bigint"
    ]
    if REAL_SLICE.exists():
        assert differences(FoundSchema("exports", "x", spark_columns(REAL_SLICE))) == []
