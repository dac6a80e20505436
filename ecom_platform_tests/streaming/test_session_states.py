import json
from typing import Any

import pytest
from common.wire_fields import MalformedRecordError
from session_recorder.session_states import parse_session_state

from ecom_platform_tests.streaming.conftest import sample


def parse_with(**changes: Any) -> None:
    fields = {**sample("session_recorder", "session_state"), **changes}
    parse_session_state(json.dumps(fields).encode())


def test_sample_state_is_read_with_exact_values() -> None:
    state = parse_session_state(json.dumps(sample("session_recorder", "session_state")).encode())
    assert (state.user_id, state.as_of_at) == ("541312140", "2026-01-02T03:04:10.000Z")
    assert (state.attributes["event_count"], state.attributes["cart_amount"]) == (9, "259.98")
    assert "product_count" not in state.attributes
    assert state.expires_at(retention_days=1) == 1_767_323_045 + 86_400


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user_id": "541312140"}, "user_id"),
        ({"user_session": None}, "user_session"),
        ({"as_of_at": "2026-01-02"}, "as_of_at"),
        ({"last_event_at": "2026-13-02T03:04:05.678Z"}, "last_event_at"),
        ({"event_count": -1}, "event_count"),
        ({"cart_count": True}, "cart_count"),
        ({"product_count": 1.5}, "product_count"),
        ({"cart_amount": "1.5"}, "cart_amount"),
        ({"revenue_amount": 1.5}, "revenue_amount"),
        ({"revenue_amount": "-1.00"}, "revenue_amount"),
    ],
)
def test_a_broken_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedRecordError, match=rf"^{field}="):
        parse_with(**changes)


@pytest.mark.parametrize("data", [b"", b"not json", b"[]"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRecordError, match=r"^record="):
        parse_session_state(data)
