"""Who is in the shop now, as people read it from the tables that the functions write."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from common.wire_time import to_wire_time
from session_recorder import session_totals
from session_recorder.session_states import parse_session_state
from session_recorder.session_table import SessionTable

from ecom_platform.resources.session_log import SessionLog
from ecom_platform.streaming.sessions import BUCKETS, Session, hour_buckets, session_rows
from ecom_platform_tests.streaming.conftest import sample
from ecom_platform_tests.support.templates import load_template

pytestmark = pytest.mark.usefixtures("deployed")
LOG = SessionLog("ecom-user-sessions", "ecom-quiet-carts")


def record(last: datetime, **changes: object) -> str:
    """A session whose last event was then; returns its name."""
    name = str(uuid.uuid4())
    times = dict.fromkeys(("as_of_at", "first_event_at", "last_event_at"), to_wire_time(last))
    fields = {**sample("session_recorder", "session_state"), **times, "user_session": name}
    table = SessionTable(boto3.resource("dynamodb").Table("ecom-user-sessions"), retention_days=30)
    state = parse_session_state(json.dumps({**fields, **changes}).encode())
    assert table.record(state, updated_at=to_wire_time(last))
    return name


def active(since: datetime, until: datetime, limit: int = 10) -> list[Session]:
    return LOG.active(since, until, limit)


def test_sessions_of_a_time_come_the_newest_first_over_the_hour_and_no_others() -> None:
    start = datetime(2031, 1, 1, 10, 59, 50, tzinfo=UTC)
    moments = [start + timedelta(seconds=5 * number) for number in range(5)]
    names = [record(one, user_id=number) for number, one in enumerate(moments)]
    found = active(moments[1], moments[3])
    assert [one.user_session for one in found] == [names[3], names[2], names[1]]
    assert [one.user_session for one in active(moments[0], moments[4], 2)] == [names[4], names[3]]


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({"cart_count": 0, "remove_from_cart_count": 0, "purchase_count": 0}, "looking"),
        ({"cart_count": 2, "remove_from_cart_count": 2, "purchase_count": 0}, "looking"),
        ({"cart_count": 2, "remove_from_cart_count": 1, "purchase_count": 0}, "cart"),
        ({"cart_count": 2, "remove_from_cart_count": 1, "purchase_count": 1}, "bought"),
    ],
)
def test_stage_says_how_far_a_session_came(changes: dict[str, Any], stage: str) -> None:
    last = datetime(2032, 1, 1, tzinfo=UTC) + timedelta(hours=uuid.uuid4().int % 10**4)
    name = record(last, **changes)
    (found,) = [one for one in active(last, last) if one.user_session == name]
    assert (found.stage, found.last_product_id, found.cart_amount) == (stage, 4804056, "259.98")


def test_what_was_told_of_a_session_stands_beside_it() -> None:
    last = datetime(2033, 1, 1, tzinfo=UTC)
    told, silent = record(last, user_id=1), record(last, user_id=2)
    boto3.resource("dynamodb").Table("ecom-quiet-carts").put_item(
        Item={
            "user_id": "1",
            "user_session": told,
            "product_ids": [4],
            "goes_with": [5, 6],
            "notified_at": "2033-01-01T00:15:01.000Z",
        }
    )
    found = active(last, last)
    rows = {str(row["session"]): row for row in session_rows(found, LOG.quiet_carts(found))}
    assert (rows[told]["goes with"], rows[told]["told of"]) == ("5, 6", "2033-01-01T00:15:01.000Z")
    assert (rows[silent]["goes with"], rows[silent]["told of"]) == (None, None)


def test_state_without_a_last_product_is_taken_too() -> None:
    """Of a job of before, whose records lie in the stream for two days."""
    fields = sample("session_recorder", "session_state")
    del fields["last_product_id"]
    assert "last_product_id" not in parse_session_state(json.dumps(fields).encode()).attributes


def test_hours_of_the_index_are_all_those_of_a_time() -> None:
    until = datetime(2031, 1, 1, 0, 0, tzinfo=UTC)
    found = list(hour_buckets(until - timedelta(seconds=1), until))
    assert found == [f"{hour}#{n}" for hour in ("2031-01-01T00", "2030-12-31T23") for n in range(4)]
    assert list(hour_buckets(until, until)) == [f"2031-01-01T00#{n}" for n in range(BUCKETS)]


def test_reader_looks_into_as_many_parts_of_an_hour_as_the_recorder_fills() -> None:
    assert session_totals.BUCKETS == BUCKETS


def test_reader_asks_for_what_the_index_carries() -> None:
    table = load_template("sessions")["Resources"]["UserSessionsTable"]["Properties"]
    (index,) = table["GlobalSecondaryIndexes"]
    keys = {one["AttributeName"] for one in (*table["KeySchema"], *index["KeySchema"])}
    carried = keys | set(index["Projection"]["NonKeyAttributes"])
    assert set(Session.__dataclass_fields__) <= carried
