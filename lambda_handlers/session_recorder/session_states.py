"""What a session state on the wire is: text in, `SessionState` out, or a reason why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.wire_fields import MalformedRecordError, moment, one_object, text, whole
from common.wire_time import to_wire_time

COUNTS = ("event_count", "view_count", "cart_count", "remove_from_cart_count", "purchase_count")
OPTIONAL_COUNTS = ("product_count",)
AMOUNTS = ("cart_amount", "revenue_amount")
LAST_PRODUCT = "last_product_id"
TIMES = ("as_of_at", "first_event_at", "last_event_at")

_MONEY = re.compile(r"\d+\.\d\d")


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
    """The state in one record. Raises MalformedRecordError."""
    fields = one_object(data)
    times = {name: to_wire_time(moment(fields, name)) for name in TIMES}
    counts = {name: whole(fields, name) for name in COUNTS}
    counts |= {name: whole(fields, name) for name in OPTIONAL_COUNTS if name in fields}
    amounts = {name: _money(fields, name) for name in AMOUNTS}
    last = {LAST_PRODUCT: whole(fields, LAST_PRODUCT)} if LAST_PRODUCT in fields else {}
    return SessionState(
        user_id=str(whole(fields, "user_id")),
        user_session=text(fields, "user_session"),
        as_of_at=times["as_of_at"],
        attributes=times | counts | amounts | last,
    )


def _money(fields: Mapping[str, Any], name: str) -> str:
    value = text(fields, name)
    if not _MONEY.fullmatch(value):
        raise MalformedRecordError(name, value, "send a text with two decimals, not below 0")
    return value
