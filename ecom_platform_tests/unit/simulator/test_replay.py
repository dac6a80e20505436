"""Rows on the wire: ids, times, keys, and what goes wrong on the way."""

import json
import uuid
from collections import Counter
from typing import Any

import pytest

from ecom_platform.simulator.replay import DUPLICATE, EVENT, Record, Replay
from ecom_platform.simulator.wire import SourceRow
from ecom_platform.simulator.wire_dirt import WireDefect, WireDirt

FIELDS = [
    "event_id",
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
]
START_MS = 1_767_323_045_678


def row(time_ms: int, *, user_id: int = 1, product_id: int = 10) -> SourceRow:
    return SourceRow(time_ms, "view", product_id, 99, None, "aqua", "35.79", user_id, "s")


def rows(count: int) -> list[SourceRow]:
    return [row(5_000 + 100 * n, user_id=n % 50, product_id=n) for n in range(count)]


def played(found: list[SourceRow], **how: Any) -> list[Record]:
    replay = Replay(**{"start_ms": START_MS, "replay_id": "r", **how})
    return list(replay.records(found))


def events(records: list[Record]) -> list[dict[str, Any]]:
    return [json.loads(record.data) for record in records]


def test_record_has_the_fields_of_the_contract() -> None:
    (record,) = played([row(5_000)])
    (event,) = events([record])
    assert list(event) == FIELDS
    assert event["event_time"] == "2026-01-02T03:04:05.678Z"
    assert (event["price"], event["product_id"], event["category_code"]) == ("35.79", 10, None)
    assert str(uuid.UUID(event["event_id"])) == event["event_id"]
    assert record.partition_key == "99"


def test_same_row_copy_and_replay_give_the_same_id_and_any_other_does_not() -> None:
    def ids(found: list[SourceRow], **how: str) -> list[str]:
        return [event["event_id"] for event in events(played(found, **how))]

    twice = ids([row(5_000), row(5_000)])
    assert len(set(twice)) == 2
    assert ids([row(5_000), row(6_000), row(5_000)])[2] == twice[0]
    assert ids([row(5_000)], replay_id="other")[0] not in twice
    assert ids([row(5_000, user_id=2)])[0] not in twice


def test_speed_shortens_the_time_between_events() -> None:
    at = [record.event_ms - START_MS for record in played(rows(4), speed=2.0)]
    assert at == [0, 50, 100, 150]


def test_rate_paces_events_evenly_whatever_their_times() -> None:
    found = [row(5_000), row(5_000, user_id=2), row(900_000)]
    assert [record.event_ms - START_MS for record in played(found, rate=10)] == [0, 100, 200]


def test_row_behind_its_time_is_sent_at_once_with_its_own_time() -> None:
    records = played([row(5_000), row(9_000), row(6_000)])
    assert [record.send_ms for record in records] == [0, 4_000, 4_000]
    assert records[-1].event_ms == START_MS + 1_000


def test_salt_spreads_a_category_over_so_many_keys() -> None:
    keys = {record.partition_key for record in played(rows(50), key_salt=4)}
    assert keys == {"99#0", "99#1", "99#2", "99#3"}


def test_broken_records_are_extra_and_each_is_broken_as_its_reason_says() -> None:
    clean = played(rows(2_000))
    dirty = played(rows(2_000), dirt=WireDirt(broken_share=0.2))
    assert [r for r in dirty if r.what == EVENT] == clean
    broken = [record for record in dirty if record.what != EVENT]
    assert {record.what for record in broken} == {defect.value for defect in WireDefect}
    assert 300 < len(broken) < 500
    assert {reason(record.data) == record.what for record in broken} == {True}


def reason(data: bytes) -> str | None:  # noqa: PLR0911 - one line a reason
    """The reason by which a reader of the contract refuses a record."""
    try:
        event = json.loads(data)
    except ValueError:
        return "not_json"
    if set(FIELDS) - set(event):
        return "missing_field"
    if not isinstance(event["product_id"], int):
        return "wrong_type"
    if event["event_type"] not in {"view", "cart", "remove_from_cart", "purchase"}:
        return "unknown_event_type"
    if event["price"].startswith("-"):
        return "negative_price"
    if not event["event_time"].startswith("2"):
        return "event_time_unreadable"
    return "event_time_in_future" if event["event_time"] > "2100" else None


def test_second_delivery_is_the_same_record_a_while_later() -> None:
    dirty = played(rows(2_000), dirt=WireDirt(duplicate_share=0.1, longest_delay_seconds=3))
    first = {record.data: record for record in dirty if record.what == EVENT}
    again = [record for record in dirty if record.what == DUPLICATE]
    assert 150 < len(again) < 250
    assert {0 <= r.send_ms - first[r.data].send_ms <= 3_000 for r in again} == {True}


def test_delay_moves_records_behind_others_and_keeps_their_time() -> None:
    clean = played(rows(2_000))
    late = played(rows(2_000), dirt=WireDirt(delayed_share=0.3, longest_delay_seconds=2))
    assert [record.send_ms for record in late] == sorted(record.send_ms for record in late)
    assert [record.data for record in late] != [record.data for record in clean]
    assert Counter(record.data for record in late) == Counter(record.data for record in clean)
    behind = [record.send_ms - (record.event_ms - START_MS) for record in late]
    assert (min(behind), 1_500 < max(behind) <= 2_000) == (0, True)


@pytest.mark.parametrize("share", ["broken_share", "duplicate_share", "delayed_share"])
def test_dirt_leaves_with_its_actor(share: str) -> None:
    dirt = WireDirt(**{share: 0.2})
    everybody = played(rows(1_000), dirt=dirt, origin_ms=5_000)
    fewer = played([r for r in rows(1_000) if r.user_id != 7], dirt=dirt, origin_ms=5_000)
    assert sorted(r.data for r in everybody if r.user_id != 7) == sorted(r.data for r in fewer)


def test_another_replay_soils_the_same_rows() -> None:
    dirt = WireDirt(broken_share=0.1, duplicate_share=0.1, delayed_share=0.1)

    def soiled(**how: object) -> list[tuple[int, str, int]]:
        return [(r.send_ms, r.what, r.user_id) for r in played(rows(1_000), dirt=dirt, **how)]

    assert soiled() == soiled(replay_id="other", start_ms=START_MS + 1)
    ids = [
        json.loads(r.data)["event_id"] for r in played(rows(1_000), dirt=dirt) if r.what == EVENT
    ]
    assert len(set(ids)) == 1_000
