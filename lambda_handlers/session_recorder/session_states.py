"""What a session state on the wire is: text in, `SessionState` out, or a reason why not."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

COUNTS = ("event_count", "view_count", "cart_count", "remove_from_cart_count", "purchase_count")
OPTIONAL_COUNTS = ("product_count",)
AMOUNTS = ("cart_amount", "revenue_amount")
LAST_PRODUCT = "last_product_id"
TIMES = ("as_of_at", "first_event_at", "last_event_at")

_WIRE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_MONEY = re.compile(r"\d+\.\d\d")


class MalformedSessionStateError(ValueError):
    """A record of the user-sessions stream that breaks the wire contract."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field}={value!r:.200}: {remedy}")


@dataclass(frozen=True)
class SessionState:
    """The whole state of one session as of `as_of_at` (event time); a later one replaces it."""

    user_id: str
    user_session: str
    as_of_at: str
    attributes: Mapping[str, Any]

    def expires_at(self, *, retention_days: int) -> int:
        """Epoch seconds; from the event's time, so that a re-delivered state expires alike."""
        last_event_at = datetime.fromisoformat(self.attributes["last_event_at"])
        return int((last_event_at + timedelta(days=retention_days)).timestamp())


def parse_session_state(data: bytes) -> SessionState:
    """The state in one record. Raises MalformedSessionStateError."""
    try:
        fields = json.loads(data)
    except ValueError as error:
        remedy = "send one JSON object in UTF-8"
        raise MalformedSessionStateError("record", data, remedy) from error
    if not isinstance(fields, dict):
        raise MalformedSessionStateError("record", data, "send one JSON object")
    times = {name: _time(fields, name) for name in TIMES}
    counts = {name: _whole(fields, name) for name in COUNTS}
    counts |= {name: _whole(fields, name) for name in OPTIONAL_COUNTS if name in fields}
    amounts = {name: _money(fields, name) for name in AMOUNTS}
    last = {LAST_PRODUCT: _whole(fields, LAST_PRODUCT)} if LAST_PRODUCT in fields else {}
    return SessionState(
        user_id=str(_whole(fields, "user_id")),
        user_session=_text(fields, "user_session"),
        as_of_at=times["as_of_at"],
        attributes=times | counts | amounts | last,
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedSessionStateError(name, value, "send a text that is not empty")
    return value


def _time(fields: Mapping[str, Any], name: str) -> str:
    value = _text(fields, name)
    remedy = "send 2026-01-02T03:04:05.678Z"
    if not _WIRE_TIME.fullmatch(value):
        raise MalformedSessionStateError(name, value, remedy)
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise MalformedSessionStateError(name, value, remedy) from error
    return value


def _money(fields: Mapping[str, Any], name: str) -> str:
    value = _text(fields, name)
    if not _MONEY.fullmatch(value):
        raise MalformedSessionStateError(name, value, "send a text with two decimals, not below 0")
    return value


def _whole(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedSessionStateError(name, value, "send a whole number, not below 0")
    return value
