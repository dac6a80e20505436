"""A session that resumes after Flink forgot it goes on in the table, and never shrinks."""

import itertools
import json
import uuid
from typing import Any

import boto3
import pytest
from session_recorder.session_states import SessionState, parse_session_state
from session_recorder.session_table import SessionTable

from ecom_platform_tests.streaming.conftest import sample

NOW = "2026-01-02T12:00:00.000Z"
MORNING, EVENING = "2026-01-02T03:0", "2026-01-02T09:0"


@pytest.fixture
def table(deployed: str) -> SessionTable:
    return SessionTable(boto3.resource("dynamodb").Table("ecom-user-sessions"), retention_days=30)


@pytest.fixture
def session() -> str:
    return str(uuid.uuid4())


def state(session: str, part: str, minute: int, **changes: Any) -> SessionState:
    """The state of a part, which begins at its minute 0, as of a minute of it."""
    fields = {
        **sample("session_recorder", "session_state"),
        "user_session": session,
        "first_event_at": f"{part}0:00.000Z",
        "last_event_at": f"{part}{minute}:00.000Z",
        "as_of_at": f"{part}{minute}:05.000Z",
        **changes,
    }
    return parse_session_state(json.dumps(fields).encode())


def stored(session: str) -> dict[str, Any]:
    key = {"user_id": "541312140", "user_session": session}
    return boto3.resource("dynamodb").Table("ecom-user-sessions").get_item(Key=key)["Item"]


def counts(session: str) -> tuple[int, str, str]:
    item = stored(session)
    return int(item["event_count"]), item["cart_amount"], item["first_event_at"]


def test_a_part_that_begins_anew_is_added_to_what_was_there(
    table: SessionTable, session: str
) -> None:
    states = [
        state(session, MORNING, 5, event_count=40, cart_amount="10.00"),
        state(session, EVENING, 0, event_count=1, cart_amount="1.00"),
        state(session, EVENING, 3, event_count=4, cart_amount="2.50"),
    ]
    assert all(table.record(one, updated_at=NOW) for one in states)
    assert counts(session) == (44, "12.50", f"{MORNING}0:00.000Z")
    assert stored(session)["last_event_at"] == f"{EVENING}3:00.000Z"


def test_any_repetition_of_states_changes_nothing(table: SessionTable, session: str) -> None:
    states = [state(session, MORNING, minute, event_count=10 * minute) for minute in (1, 2)]
    states += [state(session, EVENING, minute, event_count=minute) for minute in (1, 2)]
    for one in states:
        table.record(one, updated_at=NOW)
    before = stored(session)
    for one, other in itertools.product(states, states):
        assert not table.record(one, updated_at="later")
        assert not table.record(other, updated_at="later")
    assert stored(session) == before
    assert counts(session)[0] == 22


def test_three_parts_are_summed(table: SessionTable, session: str) -> None:
    parts = ["2026-01-02T01:0", "2026-01-02T06:0", "2026-01-02T11:0"]
    for part in parts:
        table.record(state(session, part, 4, event_count=5), updated_at=NOW)
    assert counts(session)[0] == 15


def test_a_reading_that_begins_amid_a_session_shrinks_nothing(
    table: SessionTable, session: str
) -> None:
    table.record(state(session, MORNING, 5, event_count=40), updated_at=NOW)
    cut_off = {"first_event_at": f"{MORNING}4:00.000Z", "cart_amount": "900.00"}
    assert table.record(state(session, MORNING, 6, event_count=3, **cut_off), updated_at=NOW)
    assert counts(session) == (40, "900.00", f"{MORNING}0:00.000Z")
    assert table.record(state(session, MORNING, 7, event_count=5, **cut_off), updated_at=NOW)
    assert counts(session) == (40, "900.00", f"{MORNING}0:00.000Z")
    assert table.record(state(session, MORNING, 8, event_count=50, **cut_off), updated_at=NOW)
    assert counts(session)[0] == 50
    assert table.record(state(session, EVENING, 1, event_count=1), updated_at=NOW)
    assert table.record(state(session, EVENING, 2, event_count=2), updated_at=NOW)
    assert counts(session)[0] == 52


def test_a_part_begins_anew_only_after_the_last_event(table: SessionTable, session: str) -> None:
    """Just at it: read from there on; a millisecond later: begun anew."""
    table.record(state(session, MORNING, 5, event_count=40), updated_at=NOW)
    at_it = {"first_event_at": f"{MORNING}5:00.000Z"}
    table.record(state(session, MORNING, 6, event_count=3, **at_it), updated_at=NOW)
    assert counts(session)[0] == 40
    behind = {"first_event_at": f"{MORNING}6:00.001Z"}
    table.record(state(session, MORNING, 7, event_count=3, **behind), updated_at=NOW)
    assert counts(session)[0] == 43
