"""What a quiet cart on the wire is: text in, `QuietCart` out, or a reason why not. No AWS here."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_WIRE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CHANGE = re.compile(r"(\d{13})([-+$])(\d{1,19})")
_PUT = "+"


class MalformedQuietCartError(ValueError):
    """A record of the quiet-carts stream that breaks the wire contract."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field}={value!r:.200}: {remedy}")


@dataclass(frozen=True)
class QuietCart:
    """A session that has done nothing for a while, and what it left in its cart, newest first."""

    user_id: str
    user_session: str
    last_event_at: datetime
    product_ids: tuple[int, ...]

    @property
    def trigger_id(self) -> str:
        return f"{self.user_id}#{self.user_session}"


def parse_quiet_cart(data: bytes) -> QuietCart:
    """The quiet cart in one record. Raises MalformedQuietCartError."""
    try:
        fields = json.loads(data)
    except ValueError as error:
        remedy = "send one JSON object in UTF-8"
        raise MalformedQuietCartError("record", data, remedy) from error
    if not isinstance(fields, dict):
        raise MalformedQuietCartError("record", data, "send one JSON object")
    user_id = fields.get("user_id")
    if not isinstance(user_id, int) or isinstance(user_id, bool) or user_id < 0:
        raise MalformedQuietCartError("user_id", user_id, "send a whole number, not below 0")
    return QuietCart(
        user_id=str(user_id),
        user_session=_text(fields, "user_session"),
        last_event_at=_time(fields, "last_event_at"),
        product_ids=_left(_text(fields, "cart_changes")),
    )


def _left(changes: str) -> tuple[int, ...]:
    """What is left in the cart: of each product the last change counts, and must be a put."""
    last: dict[int, tuple[str, str]] = {}
    for text in changes.split(" "):
        found = _CHANGE.fullmatch(text)
        if found is None:
            remedy = "send changes like 1767323045678+4804056, with a space between them"
            raise MalformedQuietCartError("cart_changes", text, remedy)
        moment, kind, product_id = found[1], found[2], int(found[3])
        last[product_id] = max(last.get(product_id, ("", "")), (moment, kind))
    left = [(moment, product_id) for product_id, (moment, kind) in last.items() if kind == _PUT]
    return tuple(product_id for _, product_id in sorted(left, reverse=True))


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedQuietCartError(name, value, "send a text that is not empty")
    return value


def _time(fields: Mapping[str, Any], name: str) -> datetime:
    value = _text(fields, name)
    remedy = "send 2026-01-02T03:04:05.678Z"
    if not _WIRE_TIME.fullmatch(value):
        raise MalformedQuietCartError(name, value, remedy)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise MalformedQuietCartError(name, value, remedy) from error
