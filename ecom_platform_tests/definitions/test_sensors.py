"""The sensors as state machines: several ticks on an instance, with a real local cloud."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest
from botocore.exceptions import EndpointConnectionError

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import TABLES
from ecom_platform.contracts.lake import STAGED_EVENTS
from ecom_platform.definitions import Resources
from ecom_platform.defs.lake.schedules import daily_batch_schedule
from ecom_platform.defs.lake.sensors import changed_days_sensor
from ecom_platform.defs.partitions import EVENT_FILES
from ecom_platform.defs.raw.sensors import FILE_KEYS, MANIFEST_KEY, raw_event_files_sensor
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.settings import Settings
from ecom_platform_tests.support.ticks import Ticks, ranges

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)


def put(folder: Path, name: str, *days: str) -> None:
    rows = [f"{day} 10:00:0{n} UTC,view,1,1,a.b,acme,10.00,{n},s" for n, day in enumerate(days)]
    (folder / name).write_text("\n".join([HEADER, *rows]) + "\n")
    deliver([folder / name], Settings.from_environment())


def names(requests: list[dg.RunRequest]) -> list[str]:
    return [str(request.partition_key).split("@")[0] for request in requests]


def test_raw_files_sensor_starts_the_staging_of_each_new_version_once(
    batch: Batch, tmp_path: Path
) -> None:
    ticks = Ticks(raw_event_files_sensor, batch)
    assert ticks.tick() == []
    put(tmp_path, "a.csv", "2026-01-05")
    put(tmp_path, "b.csv", "2026-01-06")

    first = ticks.tick()
    assert [tuple(name.split("@")[0] for name in span) for span in ranges(first)] == [
        ("a.csv", "b.csv")
    ]
    assert all(request.asset_selection == [MANIFEST_KEY, *FILE_KEYS] for request in first)
    partitions = batch.instance.get_dynamic_partitions(EVENT_FILES.name or "")
    assert partitions == list(ranges(first)[0])

    assert ticks.tick() == []
    assert ticks.skipped == "2 files, none of them new"

    batch.take_in()
    put(tmp_path, "a.csv", "2026-01-07")
    changed = ticks.tick()
    assert names(changed) == ["a.csv"]
    assert changed[0].run_key not in {request.run_key for request in first}


def test_raw_files_sensor_tells_the_manifest_of_a_correction_taken_back(
    batch: Batch, tmp_path: Path
) -> None:
    ticks = Ticks(raw_event_files_sensor, batch)
    for day in ("2026-01-05", "2026-01-06"):
        put(tmp_path, "a.csv", day)
        ticks.tick()
        batch.take_in()

    put(tmp_path, "a.csv", "2026-01-05")
    requests = ticks.tick()

    assert [request.partition_key for request in requests] == [None]
    assert requests[0].asset_selection == [dg.AssetKey(["raw", "event_files"])]


def test_raw_files_sensor_fails_openly_and_recovers(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = Ticks(raw_event_files_sensor, batch)
    put(tmp_path, "a.csv", "2026-01-05")
    listing = ObjectStore.exports

    def away(_: ObjectStore) -> list[object]:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1")

    monkeypatch.setattr(ObjectStore, "exports", away)
    with pytest.raises(EndpointConnectionError):
        ticks.tick()
    monkeypatch.setattr(ObjectStore, "exports", listing)
    assert names(ticks.tick()) == ["a.csv"]


def test_changed_days_sensor_asks_for_exactly_the_days_that_changed(
    batch: Batch, tmp_path: Path
) -> None:
    ticks = Ticks(changed_days_sensor, batch)
    assert ticks.tick() == []
    put(tmp_path, "a.csv", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-10")
    batch.take_in()

    first = ticks.tick()
    assert ranges(first) == [("2026-01-05", "2026-01-07"), ("2026-01-10", "2026-01-10")]
    assert ticks.tick() == []
    assert "none of them new" in str(ticks.skipped)

    batch.rebuild()
    put(tmp_path, "late.csv", "2026-01-06", "2025-12-31")
    batch.take_in()
    late = ticks.tick()
    assert ranges(late) == [("2025-12-31", "2025-12-31"), ("2026-01-06", "2026-01-06")]
    assert not {r.run_key for r in late} & {r.run_key for r in first}


def test_changed_days_sensor_finds_a_day_whose_writer_died_before_the_catalog(
    batch: Batch, tmp_path: Path
) -> None:
    put(tmp_path, "a.csv", "2026-01-05")
    batch.take_in()
    batch.rebuild()
    boto3.client("glue").delete_partition(
        DatabaseName="ecom_lake", TableName="events", PartitionValues=["2026-01-05"]
    )

    assert ranges(Ticks(changed_days_sensor, batch).tick()) == [("2026-01-05", "2026-01-05")]


@pytest.mark.slow
def test_corrections_taken_back_again_and_again_are_asked_for_each_time(
    batch: Batch, tmp_path: Path
) -> None:
    sensors = [Ticks(sensor, batch) for sensor in (raw_event_files_sensor, changed_days_sensor)]
    asked: dict[str, list[str | None]] = {"raw": [], "days": []}
    # The second day tells the two versions apart; Dagster starts nothing for a key it has seen.
    for second_day in ["2026-01-06", "2026-01-07"] * 3:
        put(tmp_path, "a.csv", "2026-01-05", second_day)
        asked["raw"] += [request.run_key for request in sensors[0].tick()]
        batch.take_in()
        asked["days"] += [request.run_key for request in sensors[1].tick()]
        batch.rebuild()

    assert len(asked["raw"]) == len(set(asked["raw"])) == 6
    assert len(asked["days"]) == len(set(asked["days"])) >= 6


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", "2026-02-28"), ("America/Los_Angeles", "2026-02-27"), ("Asia/Tokyo", "2026-02-28")],
)
def test_daily_schedule_builds_the_stores_yesterday(
    zone: str, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOM_STORE_TIME_ZONE", zone)
    with dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 3, 1, 3, tzinfo=UTC),
        resources={"tables": Resources.of(Settings.from_environment()).tables},
    ) as context:
        found: Any = daily_batch_schedule(context)
        requests = list(found)

    assert [request.partition_key for request in requests] == [day]


def test_run_over_days_without_data_writes_nothing(batch: Batch, tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "2026-01-05")
    batch.take_in()
    keys = [("lake", "events"), ("lake", "event_days"), ("marts", "daily_visitors")]

    batch.run("a week", keys, span=("2026-01-01", "2026-01-07"))

    for key in keys:
        shown = [part.values[0] for part in batch.tables.catalog.partitions(TABLES[key])]
        assert shown == ["2026-01-05"], key


def test_staged_parts_are_one_file_a_day(batch: Batch, tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "2026-01-05", "2026-01-06")
    batch.take_in()

    for part in batch.tables.catalog.partitions(STAGED_EVENTS):
        assert len(batch.tables.objects.list_keys(batch.tables.objects.key_of(part.location))) == 1
