import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from event_transformer.event_lines import Accepted, Refused, judge

from lambda_tests.conftest import sample

ARRIVED_AT = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)


def judge_with(**changes: Any) -> Accepted | Refused:
    event = {**sample("event_transformer", "raw_event"), **changes}
    return judge(json.dumps(event).encode(), arrived_at=ARRIVED_AT)


def test_a_good_event_keeps_its_text_and_gains_a_line_feed() -> None:
    text = json.dumps(sample("event_transformer", "raw_event"), separators=(" ,", ": ")).encode()
    assert judge(text, arrived_at=ARRIVED_AT) == Accepted(text + b"\n")


def test_an_event_over_several_lines_becomes_one() -> None:
    event = sample("event_transformer", "raw_event")
    text = json.dumps(event, indent=2).replace("\n", "\r\n").encode()
    accepted = judge(text, arrived_at=ARRIVED_AT)
    assert isinstance(accepted, Accepted)
    assert accepted.line.count(b"\n") == 1
    assert b"\r" not in accepted.line
    assert json.loads(accepted.line) == event


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"user_id": None}, "missing_field", "user_id"),
        ({"price": 129.99}, "wrong_type", "price"),
        ({"price": "2.345"}, "wrong_type", "price"),
        ({"price": "NaN"}, "wrong_type", "price"),
        ({"product_id": "1004856"}, "wrong_type", "product_id"),
        ({"product_id": True}, "wrong_type", "product_id"),
        ({"event_id": "1"}, "wrong_type", "event_id"),
        ({"brand": 7}, "wrong_type", "brand"),
        ({"event_type": "click"}, "unknown_event_type", "event_type"),
        ({"price": "-0.01"}, "negative_price", "price"),
        ({"event_time": "2026-01-02 03:04:05 UTC"}, "event_time_unreadable", "event_time"),
        ({"event_time": "2026-02-30T03:04:05.678Z"}, "event_time_unreadable", "event_time"),
        ({"event_time": "2036-01-02T03:04:05.678Z"}, "event_time_in_future", "event_time"),
    ],
)
def test_a_bad_event_is_refused_with_reason_and_field(
    changes: dict[str, Any], reason: str, field: str
) -> None:
    verdict = judge_with(**changes)
    assert isinstance(verdict, Refused)
    assert (verdict.reason, verdict.field) == (reason, field)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_is_no_object_is_not_json(data: bytes) -> None:
    assert judge(data, arrived_at=ARRIVED_AT) == Refused("not_json")


@pytest.mark.parametrize(
    "changes",
    [
        {"brand": None, "category_code": None, "user_session": None},
        {"price": "0.00"},
        {"price": "-0.00"},
    ],
)
def test_an_event_at_the_edge_is_taken(changes: dict[str, Any]) -> None:
    assert isinstance(judge_with(**changes), Accepted)


def test_the_future_begins_an_hour_after_arrival() -> None:
    event = sample("event_transformer", "raw_event") | {"event_time": "2026-01-02T04:04:06.000Z"}
    data = json.dumps(event).encode()
    assert isinstance(judge(data, arrived_at=ARRIVED_AT), Accepted)
    just_before = ARRIVED_AT - timedelta(milliseconds=1)
    assert judge(data, arrived_at=just_before) == Refused("event_time_in_future", "event_time")
