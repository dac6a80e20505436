"""What is removed, and when: examples just on each side of the grace period."""

from datetime import datetime, timedelta

from ecom_platform.tables.retention import (
    GRACE,
    StoredObject,
    removable,
    superseded_records,
)

NOW = datetime(2026, 1, 10)  # noqa: DTZ001 - times of the lake are UTC without a zone
OLD = NOW - timedelta(days=9)
SECOND = timedelta(seconds=1)


def stored(key: str, at: datetime) -> StoredObject:
    return StoredObject(key, 1, at)


def removed(replaced: datetime) -> list[str]:
    """Keys that go, of a day written long ago and replaced at some time."""
    objects = [
        stored("lake/events/data/a/event_date=2026-01-01/0.parquet", OLD),
        stored("lake/events/data/b/event_date=2026-01-01/0.parquet", replaced),
        stored("lake/events/_commits/2026-01-01/000001.json", OLD),
        stored("lake/events/_commits/2026-01-01/000002.json", replaced),
    ]
    records = superseded_records(objects)
    assert records == {objects[2].key: replaced}
    places = {**records, "lake/events/data/a/event_date=2026-01-01": replaced}
    used = ["lake/events/data/b/event_date=2026-01-01/"]
    return [one.key.split("/")[-1] for one in removable(objects, used, places, NOW)]


def test_version_goes_a_day_after_it_was_replaced_however_old_it_is() -> None:
    assert removed(NOW - GRACE - SECOND) == ["0.parquet", "000001.json"]
    assert removed(NOW - GRACE) == []
    assert removed(NOW - SECOND) == []


def test_partitions_of_the_same_name_in_two_tables_are_told_apart() -> None:
    objects = [
        stored("marts/a/_commits/2026-01-01/000001.json", OLD),
        stored("marts/b/_commits/2026-01-01/000002.json", OLD),
    ]
    assert superseded_records(objects) == {}


def test_data_that_no_record_ever_named_goes_when_it_is_a_day_old() -> None:
    orphan = "lake/events/data/x/event_date=2026-01-01/0.parquet"
    for age, is_gone in ((GRACE + SECOND, True), (GRACE, False)):
        objects = [stored(orphan, NOW - age)]
        assert bool(removable(objects, [], {}, NOW)) == is_gone
