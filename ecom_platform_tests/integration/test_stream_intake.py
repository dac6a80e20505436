"""The stream's archive in the lake: by hour, each event once, until exports supersede it."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import dagster as dg
import pytest

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.contracts import TABLES
from ecom_platform.contracts.lake import HOUR_TABLES
from ecom_platform.defs.lake.sensors import changed_days_sensor
from ecom_platform.defs.lake.stream_sensors import (
    HOUR_KEYS,
    look_at_archive,
)
from ecom_platform.defs.partitions import ARRIVED_HOURS
from ecom_platform.pipeline.hours import open_days
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import records
from ecom_platform_tests.support.ticks import Ticks, ranges

FOLDER = "raw/stream_events/arrived_date=2026-01-06/arrived_hour"


def event(event_id: str, day: str = "2026-01-05", user: int = 1, **changed: object) -> bytes:
    fields: dict[str, object] = {
        "event_id": event_id,
        "event_time": f"{day}T10:00:00.250Z",
        "event_type": "view",
        "product_id": 1,
        "category_id": 1,
        "category_code": "a.b",
        "brand": "acme",
        "price": "10.00",
        "user_id": user,
        "user_session": "s",
    }
    return json.dumps({**fields, **changed}).encode()


def archive(hour: str, name: str, *lines: bytes, packed: bool = False) -> None:
    body = b"".join(line + b"\n" for line in lines)
    boto3.client("s3").put_object(
        Bucket="ecom-data-local",
        Key=f"{FOLDER}={hour}/{name}",
        Body=gzip.compress(body) if packed else body,
    )


def build(batch: Batch) -> list[str]:
    batch.take_in_stream()
    return [str(day) for day in batch.rebuild()]


def ledger(batch: Batch) -> dict[str, dict[str, object]]:
    return {str(row["event_date"]): row for row in records(batch, "lake", "event_days")}


def test_events_of_the_archive_become_days_and_marts(batch: Batch) -> None:
    archive("00", "a", event("1"), event("2", user=2), event("2", user=2), b"no json")
    archive("01", "b", event("2", user=2), event("3", "2026-01-06"), packed=True)

    assert build(batch) == ["2026-01-05", "2026-01-06"]

    assert sorted(row["event_id"] for row in records(batch, "lake", "events")) == ["1", "2", "3"]
    assert {row["source"] for row in records(batch, "lake", "events")} == {"stream"}
    hours = {row["arrived_hour"]: row for row in records(batch, "lake", "staged_stream_hours")}
    counts = ("read_row_count", "staged_row_count", "repeated_row_count", "quarantined_row_count")
    assert [hours["2026-01-06T00"][name] for name in counts] == [4, 2, 1, 1]
    assert [hours["2026-01-06T01"][name] for name in counts] == [2, 2, 0, 0]
    day = ledger(batch)["2026-01-05"]
    assert (day["staged_row_count"], day["kept_row_count"], day["redelivered_row_count"]) == (
        3,
        2,
        1,
    )
    visitors = {str(r["event_date"]): r for r in records(batch, "marts", "daily_visitors")}
    assert visitors["2026-01-05"]["visitor_count"] == 2
    assert build(batch) == []


def test_late_objects_rebuild_their_days_and_no_others(batch: Batch) -> None:
    archive("00", "a", event("1"), event("2", "2026-01-06"))
    build(batch)

    archive("00", "b", event("3", "2026-01-04"), event("1"))
    archive("05", "c", event("4", "2026-01-06"))

    assert build(batch) == ["2026-01-04", "2026-01-05", "2026-01-06"]
    assert sorted(row["event_id"] for row in records(batch, "lake", "events")) == [
        "1",
        "2",
        "3",
        "4",
    ]


def test_exports_supersede_the_stream_from_half_its_rows_on(
    batch: Batch, take_in: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    archive("00", "a", *(event(str(n), user=n) for n in range(1, 5)))
    build(batch)
    line = "2026-01-05 10:00:00 UTC,view,1,1,a.b,acme,10.00,{},s"
    export = tmp_path / "few.csv"
    export.write_text("\n".join([HEADER, line.format(1)]) + "\n")

    take_in(export)

    day = ledger(batch)["2026-01-05"]
    assert (day["source"], day["kept_row_count"], day["waiting_row_count"]) == ("stream", 4, 1)

    export = tmp_path / "more.csv"
    export.write_text("\n".join([HEADER, line.format(2), line.format(3)]) + "\n")
    take_in(export)

    day = ledger(batch)["2026-01-05"]
    assert (day["source"], day["kept_row_count"], day["superseded_row_count"]) == ("export", 3, 4)
    assert {row["source"] for row in records(batch, "lake", "events")} == {"export"}


def sensor_at(batch: Batch, clock: Callable[[], datetime]) -> dg.SensorDefinition:
    """The archive's sensor at another time."""
    return dg.SensorDefinition(
        name="at_a_time",
        asset_selection=HOUR_KEYS,
        evaluation_fn=lambda context: look_at_archive(context, batch.tables, clock()),
    )


def test_archive_sensor_stages_each_hour_that_grew(batch: Batch) -> None:
    now = datetime(2026, 1, 6, 12)  # noqa: DTZ001 - UTC without a zone
    ticks, days = Ticks(sensor_at(batch, lambda: now), batch), Ticks(changed_days_sensor, batch)
    assert ticks.tick() == []
    archive("00", "a", event("1"))
    archive("01", "b", event("2", "2026-01-06"))

    first = ticks.tick()
    assert [request.partition_key for request in first] == ["2026-01-06T00", "2026-01-06T01"]
    assert all(request.asset_selection == HOUR_KEYS for request in first)
    found = batch.instance.get_dynamic_partitions(ARRIVED_HOURS.name or "")
    assert set(found) == {request.partition_key for request in first}
    assert ticks.tick() == []
    assert ticks.skipped == "2 open hours of the archive, none of them grew"

    batch.take_in_stream()
    assert ranges(days.tick()) == [("2026-01-05", "2026-01-06")]
    batch.rebuild()
    archive("01", "c", event("3", "2026-01-06"))
    grown = ticks.tick()
    assert [request.partition_key for request in grown] == ["2026-01-06T01"]
    assert grown[0].run_key not in {request.run_key for request in first}
    batch.take_in_stream()
    assert ranges(days.tick()) == [("2026-01-06", "2026-01-06")]


def test_days_that_may_hold_something_new_are_those_of_the_retention_and_missed_ones() -> None:
    now = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - UTC without a zone

    assert open_days(now) == ["2026-01-03", "2026-01-04", "2026-01-05"]
    assert open_days(now, since="2026-01-04") == open_days(now)
    assert open_days(now, since="2026-01-01") == [f"2026-01-0{n}" for n in range(1, 6)]


def test_open_hour_is_staged_every_quarter_of_an_hour_and_a_closed_one_at_once(
    batch: Batch,
) -> None:
    moment = {"now": datetime(2026, 1, 6, 0, 10)}  # noqa: DTZ001 - UTC without a zone
    ticks = Ticks(sensor_at(batch, lambda: moment["now"]), batch)

    def asked(name: str, minutes: float) -> list[str | None]:
        archive("00", name, event(name))
        moment["now"] = datetime(2026, 1, 6) + timedelta(minutes=minutes)  # noqa: DTZ001
        keys = [request.partition_key for request in ticks.tick()]
        if keys:
            batch.take_in_stream()
        return keys

    assert asked("1", 10) == ["2026-01-06T00"]
    assert asked("2", 24.9) == []
    assert asked("3", 25) == ["2026-01-06T00"]
    assert asked("4", 59.9) == ["2026-01-06T00"]
    assert asked("5", 60) == ["2026-01-06T00"]


def test_quarantined_lines_have_their_place_in_the_archive(batch: Batch) -> None:
    archive("00", "a", event("1"), event("2", price="-1.00"))
    batch.take_in_stream()

    (found,) = records(batch, "lake", "quarantined_stream_events")
    assert found["object_key"] == f"{FOLDER}=00/a"
    assert (found["line_number"], found["reason"]) == (2, "negative_price")
    assert TABLES["lake", "quarantined_stream_events"].primary_key == ("object_key", "line_number")


def test_hour_without_an_object_is_refused_by_name(batch: Batch) -> None:
    batch.instance.add_dynamic_partitions(ARRIVED_HOURS.name or "", ["2026-01-06T00"])

    with pytest.raises(RunFailedError, match="no object of the hour 2026-01-06T00"):
        batch.run("an hour", [table.key for table in HOUR_TABLES], partition="2026-01-06T00")
