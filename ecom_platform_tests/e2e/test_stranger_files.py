"""Files of strangers through the whole platform: their keys, what is said of them, and races."""

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import dagster as dg
import pytest
from rich.console import Console

from ecom_platform.batch import Batch
from ecom_platform.commands.build import build
from ecom_platform.commands.demo import demo
from ecom_platform.commands.quarantine import grid_of, refused_places
from ecom_platform.commands.retire import retire
from ecom_platform.contracts.lake import STAGED_FILES
from ecom_platform.defs.partitions import EVENT_FILES
from ecom_platform.defs.raw.sensors import raw_event_files_sensor
from ecom_platform.lake.file_rows import stage_file
from ecom_platform.pipeline import files
from ecom_platform.pipeline.manifest import UnknownFileError, read_manifest
from ecom_platform.settings import Settings
from ecom_platform_tests.support.places import CASES, HEADER
from ecom_platform_tests.support.tables import check_conservation, rows
from ecom_platform_tests.support.ticks import Ticks

ROW = "2025-03-01 10:00:0{n} UTC,purchase,{n},2053013555631882655,a.b,acme,10.00,60{n},s{n}"


def content(count: int, day: str = "2025-03-01") -> bytes:
    lines = [ROW.format(n=n).replace("2025-03-01", day) for n in range(count)]
    return "\n".join([HEADER, *lines, ""]).encode()


def put(key: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket="ecom-data-local", Key=f"raw/exports/{key}", Body=body)


def delete(key: str) -> None:
    boto3.client("s3").delete_object(Bucket="ecom-data-local", Key=f"raw/exports/{key}")


def lake_rows(batch: Batch) -> int:
    batch.rebuild()
    return int(rows(batch, "lake", "events", "select count(*) from {table}")[0][0])


def told(action: Callable[[Console], int]) -> tuple[int, str]:
    """The exit code of a command, and what it said."""
    console = Console(file=io.StringIO(), width=400, highlight=False)
    code = action(console)
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


def test_odd_keys_are_read_markers_are_not_and_other_objects_are_named(batch: Batch) -> None:
    odd_key = next((CASES / "26-odd-key").iterdir()).name
    cyrillic = next((CASES / "27-long-cyrillic-name").iterdir()).name
    keys = [odd_key, cyrillic, "out.csv/part-00000-abc.csv", "dt=2025-01-29/x.csv", "X.CSV"]
    keys += ["events 2025...final.csv", "a/" * 200 + "deep.csv", "я" * 300 + ".csv"]
    for number, key in enumerate(keys):
        put(key, content(4, f"2025-03-{number + 1:02d}"))
    for marker in ("out.csv/_SUCCESS", "folder/", "x_$folder$"):
        put(marker, b"")
    for path in sorted((CASES / "25-other-suffixes").iterdir()):
        put(path.name, path.read_bytes())
    boto3.client("s3").put_object(Bucket="ecom-data-local", Key="raw/stray.csv", Body=content(1))

    code, said = told(lambda console: build(batch, console))

    assert (code, len(read_manifest(batch.tables).files)) == (0, len(keys))
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(4 * len(keys),)]
    listing = batch.tables.objects.exports()
    ignored = [f"raw/exports/{path.name}" for path in (CASES / "25-other-suffixes").iterdir()]
    assert sorted(listing.ignored) == sorted([*ignored, "raw/stray.csv"])
    event = batch.instance.get_latest_materialization_event(dg.AssetKey(["raw", "event_files"]))
    assert event
    assert event.asset_materialization
    assert event.asset_materialization.metadata["ignored_objects"].value == 4
    assert "8 files and 0 hours" in said


def test_version_that_was_replaced_before_it_was_read_is_read_when_it_lies_there_again(
    batch: Batch,
) -> None:
    put("race.csv", content(5))
    batch.run("raw files", [("raw", "event_files")])
    first = read_manifest(batch.tables).files[0].file_id
    put("race.csv", content(2))
    batch.stage([first])
    assert batch.tables.commits(STAGED_FILES) == []
    batch.take_in()
    assert lake_rows(batch) == 2

    put("race.csv", content(5))
    assert batch.take_in() == [first]
    assert lake_rows(batch) == 5
    check_conservation(batch)


def test_version_that_was_deleted_before_it_was_read_is_asked_for_when_it_is_put_again(
    batch: Batch,
) -> None:
    ticks = Ticks(raw_event_files_sensor, batch)
    put("gone.csv", content(5))
    (first,) = ticks.tick()
    delete("gone.csv")
    batch.run("raw files", [("raw", "event_files")])
    batch.stage([str(first.partition_key)])
    ticks.tick()
    time.sleep(1.1)  # S3 knows seconds
    put("gone.csv", content(5))

    (again,) = ticks.tick()

    assert again.partition_key == first.partition_key
    assert again.run_key != first.run_key
    assert batch.take_in() == [first.partition_key]
    assert lake_rows(batch) == 5


def test_error_that_nobody_foresaw_fails_once_by_name_and_holds_up_no_other_file(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def fails_for_one(connection: object, spool: object, **options: object) -> object:
        tried.append(1)
        if len(tried) == 2:
            raise ZeroDivisionError("nobody foresaw this")
        return stage_file(connection, spool, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "stage_file", fails_for_one)
    for number in range(3):
        put(f"{number}.csv", content(4, f"2025-03-0{number + 1}"))

    code, said = told(lambda console: build(batch, console))

    assert (code, len(tried)) == (1, 3)
    assert "1.csv@" in said
    assert "ZeroDivisionError: nobody foresaw this" in said
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(8,)]
    monkeypatch.setattr(files, "stage_file", stage_file)
    assert told(lambda console: build(batch, console))[0] == 0
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(12,)]


def test_reasons_are_said_every_time_and_end_when_the_file_is_retired(
    batch: Batch, tmp_path: Path
) -> None:
    settings = Settings.from_environment()
    semicolons = next((CASES / "50-refused-twice").iterdir())
    american = tmp_path / "american.csv"
    american.write_text(f"{HEADER}\n" + 9 * "12/01/2025 10:00,view,1,2,a.b,acme,1.00,5,s\n")

    for _ in range(2):
        code, said = told(lambda console: demo([semicolons], batch, settings, console))
        assert code == 1
        assert "wrong_delimiter: a semicolon stands where a comma is needed; save it with" in said
    code, said = told(lambda console: demo([american], batch, settings, console))
    assert code == 1
    assert '9 rows refused: bad_event_time, e.g. line 2 "12/01/2025 10:00"; wanted 2019-' in said

    code, said = told(lambda console: build(batch, console))
    assert (code, said.count("refused")) == (0, 2)
    console = Console(file=io.StringIO(), width=200)
    console.print(grid_of(refused_places(batch.tables)))
    assert isinstance(console.file, io.StringIO)
    assert "12/01/2025 10:00" in console.file.getvalue()

    with pytest.raises(UnknownFileError, match=r"no file 'none.csv' was ever seen; known are: raw"):
        retire(batch, "none.csv", at())
    retire(batch, semicolons.name, at())
    retire(batch, "american.csv", at())
    assert "refused" not in told(lambda console: build(batch, console))[1]


def at() -> datetime:
    """A second from now, when whatever is put before is older."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=1)


def test_retired_file_is_taken_back_and_comes_again_when_it_is_put_again(
    batch: Batch,
) -> None:
    put("a.csv", content(3))
    put("b.csv", content(2, "2025-03-02"))
    batch.take_in()
    assert lake_rows(batch) == 5

    retire(batch, "a.csv", at())
    assert lake_rows(batch) == 2
    audiences = "select audience from {table} order by 1"
    assert rows(batch, "marts", "daily_funnel", audiences) == [("all",), ("people",)]
    batch.take_in()
    assert lake_rows(batch) == 2
    check_conservation(batch)

    time.sleep(2.1)  # S3 knows seconds
    put("a.csv", content(3))
    batch.take_in()
    assert lake_rows(batch) == 5


def test_many_small_files_are_staged_in_one_step_each_a_version_of_its_own(batch: Batch) -> None:
    for hour in range(40):
        put(f"2025-03-01-{hour:02d}.csv", content(2, f"2025-03-{1 + hour // 24:02d}"))

    read = batch.take_in()

    assert len(read) == 40
    runs = batch.instance.get_runs(limit=5)
    (staging,) = [
        run for run in runs if dg.AssetKey(STAGED_FILES.key) in (run.asset_selection or [])
    ]
    tags = staging.tags
    span = (tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"])
    assert span == (read[0], read[-1])
    assert len(batch.tables.commits(STAGED_FILES)) == 40
    recorded = batch.instance.get_materialized_partitions(dg.AssetKey(STAGED_FILES.key))
    assert recorded == set(batch.instance.get_dynamic_partitions(EVENT_FILES.name or ""))
    batch.rebuild()
    check_conservation(batch)
