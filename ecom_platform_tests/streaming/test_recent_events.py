"""What a user did last before an alert, read back from the raw stream of the local cloud."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from alert_recorder.recent_events import WANTED, LastEvents, RecentEvents
from common.wire_time import to_wire_time

from ecom_platform_tests.streaming.detections import crossing
from ecom_platform_tests.streaming.test_alert_recorder import Clock, make_recorder

STREAM = "ecom-raw-events"


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


def put(user_id: object, products: list[int]) -> None:
    """One record a product, each in the shard of its own category."""
    kinesis = boto3.client("kinesis")
    for product in products:
        event = {
            "event_id": str(uuid.uuid4()),
            "event_time": "2026-01-02T03:04:05.678Z",
            "event_type": "view",
            "product_id": product,
            "price": "9.99",
            "user_id": user_id,
            "user_session": "s" * 100,
        }
        kinesis.put_record(
            StreamName=STREAM, Data=json.dumps(event).encode(), PartitionKey=str(product)
        )


def recent_events(stream: str = STREAM) -> RecentEvents:
    return RecentEvents(boto3.client("kinesis"), stream)


@pytest.fixture
def user_id() -> int:
    return uuid.uuid4().int >> 80


def products_of(found: LastEvents) -> list[int]:
    return [int(event["product_id"]) for event in found.events]


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("count", [WANTED - 1, WANTED, WANTED + 1])
def test_last_ten_events_of_the_user_in_order_from_every_shard(user_id: int, count: int) -> None:
    since = now_ms()
    products = list(range(1, count + 1))
    put(user_id + 1, [77])
    put(user_id, products)
    boto3.client("kinesis").put_record(StreamName=STREAM, Data=b'{"user', PartitionKey="1")
    found = recent_events().before(str(user_id), since)
    assert products_of(found) == products[-WANTED:]
    assert found.unread_reason is None
    assert found.events[0] == {
        "event_time": "2026-01-02T03:04:05.678Z",
        "event_type": "view",
        "product_id": str(products[-WANTED:][0]),
        "price": "9.99",
        "user_session": "s" * 40,
    }


@pytest.mark.usefixtures("deployed")
def test_looks_further_back_where_a_slow_user_did_little(user_id: int) -> None:
    put(user_id, [1, 2])
    # Asked for once: on a busy machine a look takes as long as the bound is wide.
    now = now_ms()
    assert products_of(recent_events().before(str(user_id), now + 14_000)) == [1, 2]
    assert products_of(recent_events().before(str(user_id), now + 119_000)) == [1, 2]
    assert products_of(recent_events().before(str(user_id), now + 121_000)) == []


@pytest.mark.usefixtures("deployed")
def test_stream_that_cannot_be_read_is_told_and_the_alert_goes_out(
    user_id: int, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    recorder = make_recorder(Clock(), recent_events=recent_events("no-such-stream"))
    recorder.record(crossing(entity_id=str(user_id)))
    [told] = [one for one in inbox() if one["entity_id"] == str(user_id)]
    assert told["last_events"] == []
    assert "ResourceNotFound" in told["last_events_unread"]


@pytest.mark.usefixtures("deployed")
def test_message_of_an_alert_holds_what_the_user_did_last(
    user_id: int, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    put(user_id, [5, 6])
    recorder = make_recorder(Clock())
    at = to_wire_time(datetime.now(UTC))
    recorder.record(crossing(entity_id=str(user_id), crossed_at=at))
    [told] = [one for one in inbox() if one["entity_id"] == str(user_id)]
    assert [event["product_id"] for event in told["last_events"]] == ["5", "6"]
