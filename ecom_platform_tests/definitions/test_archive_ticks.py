"""A tick costs the same after a year of archives as on the first day."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from statistics import median

import boto3
import pytest

from ecom_platform.batch import Batch
from ecom_platform.defs.lake.stream_sensors import stream_archive_sensor
from ecom_platform.defs.raw.sensors import raw_event_files_sensor
from ecom_platform_tests.support.ticks import Ticks

OBJECT_COUNT, A_DAY = 100_000, 288
FIRST = date(2025, 1, 1)
ALLOWED_RATIO, ALLOWED_SECONDS = 1.5, 0.25
"""S3 finds a prefix at once; the emulator looks through all keys of the bucket at each listing,
some hundredths of a second. A tick that lists the archive itself takes a hundred listings more."""
TICKS = 9


def put_archive(count: int) -> None:
    """Objects as Firehose leaves them, one every five minutes, until late in 2025."""
    client = boto3.client("s3")

    def put(number: int) -> None:
        day = FIRST + timedelta(days=number // A_DAY)
        folder = f"raw/stream_events/arrived_date={day}/arrived_hour={number % 24:02}"
        key = f"{folder}/ecom-events-1-{day}-00-00-00-{number}"
        client.put_object(Bucket="ecom-data-local", Key=key, Body=b"{}\n")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(count)))


def seconds(tick: Callable[[], object]) -> float:
    taken = []
    for _ in range(TICKS):
        started = time.perf_counter()
        tick()
        taken.append(time.perf_counter() - started)
    return median(taken)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_tick_is_no_slower_beside_100_000_archived_objects(batch: Batch) -> None:
    sensors = [Ticks(stream_archive_sensor, batch), Ticks(raw_event_files_sensor, batch)]
    for sensor in sensors:
        sensor.tick()
    before = [seconds(sensor.tick) for sensor in sensors]

    put_archive(OBJECT_COUNT)

    after = [seconds(sensor.tick) for sensor in sensors]
    print(f"seconds a tick: {before} before, {after} beside {OBJECT_COUNT} objects")
    for old, new in zip(before, after, strict=True):
        assert new <= ALLOWED_RATIO * old + ALLOWED_SECONDS
