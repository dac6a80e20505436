"""What goes wrong on the way of an event: broken records, second deliveries, delays.

Every choice is a hash of the row's id, so dirt moves no clean record and leaves with its actor. A
broken record is an extra one behind an intact one; nothing clean is lost. Dirt of files is `dirt`.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ecom_platform.simulator.wire import WireEvent, wire_bytes

# A leap year, so that every day of a calendar exists in it.
_FUTURE_YEAR = "2996"
Broken = Callable[[WireEvent], bytes]


class WireDefect(StrEnum):
    """The ways in which a record is broken, each with the reason by which a reader refuses it."""

    NOT_JSON = "not_json"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    NEGATIVE_PRICE = "negative_price"
    EVENT_TIME_UNREADABLE = "event_time_unreadable"
    EVENT_TIME_IN_FUTURE = "event_time_in_future"


@dataclass(frozen=True, kw_only=True)
class WireDirt:
    """Shares of events that get a broken record behind them, that come twice, that come late.

    A delay, and the pause before a second delivery, lies between 0 and `longest_delay_seconds`.
    Without shares there is no dirt at all.
    """

    broken_share: float = 0.0
    duplicate_share: float = 0.0
    delayed_share: float = 0.0
    longest_delay_seconds: float = 2.0

    @property
    def is_none(self) -> bool:
        """Whether nothing goes wrong."""
        return not (self.broken_share or self.duplicate_share or self.delayed_share)

    def delay_ms(self, row_id: str) -> int:
        """How much later than its time an event is sent."""
        if _unit(row_id, "delayed") >= self.delayed_share:
            return 0
        return self._pause_ms(row_id, "delay")

    def second_delivery_ms(self, row_id: str) -> int | None:
        """How long after the first delivery the same record comes again, if it does."""
        if _unit(row_id, "twice") >= self.duplicate_share:
            return None
        return self._pause_ms(row_id, "second")

    def defect(self, row_id: str) -> WireDefect | None:
        """The defect of the broken record behind this event, if there is one."""
        if _unit(row_id, "broken") >= self.broken_share:
            return None
        defects = tuple(WireDefect)
        return defects[int(_unit(row_id, "defect") * len(defects))]

    def _pause_ms(self, row_id: str, purpose: str) -> int:
        return int(_unit(row_id, purpose) * self.longest_delay_seconds * 1000)


def broken_bytes(event: WireEvent, defect: WireDefect) -> bytes:
    """A record made of an event's copy with one defect."""
    return _BREAKERS[defect](event)


def _with(**changed: object) -> Broken:
    return lambda event: wire_bytes({**event, **changed})


def _unit(row_id: str, purpose: str) -> float:
    digest = hashlib.blake2b(f"{purpose}:{row_id}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "little") / 2.0**48


def _without_user(event: WireEvent) -> bytes:
    return wire_bytes({key: value for key, value in event.items() if key != "user_id"})


_BREAKERS: dict[WireDefect, Broken] = {
    WireDefect.NOT_JSON: lambda event: json.dumps(event).encode()[:-9],
    WireDefect.MISSING_FIELD: _without_user,
    WireDefect.WRONG_TYPE: lambda event: wire_bytes({**event, "product_id": "many"}),
    WireDefect.UNKNOWN_EVENT_TYPE: _with(event_type="wishlist"),
    WireDefect.NEGATIVE_PRICE: _with(price="-1.00"),
    WireDefect.EVENT_TIME_UNREADABLE: _with(event_time="yesterday"),
    WireDefect.EVENT_TIME_IN_FUTURE: lambda event: wire_bytes(
        {**event, "event_time": _FUTURE_YEAR + str(event["event_time"])[4:]}
    ),
}
