"""The totals of a session whose state Flink forgot, because nothing came for hours: they go on.

Flink's state of a session is a part: all events since it last began to count. A part that begins
after the last event that the table knows is added to what was there before. No requests here.
"""

import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .session_states import AMOUNTS, COUNTS, OPTIONAL_COUNTS

Attributes = Mapping[str, Any]
_NUMBERS = (*COUNTS, *OPTIONAL_COUNTS)
BUCKETS = 4
"""An index by the hour alone would write to one partition at a time."""

KNOWN_BEFORE = "known_before"
"""What was known when a part began amid it; the part's totals are never shown below that."""


def resumed(stored: Attributes, part: Attributes) -> dict[str, Any]:
    """The item that follows on `stored` once `part`, a later state, is known.

    A part that begins amid what is known is one that was read from a stream cut off at its start:
    nobody knows what both have counted, so the larger of each total stays.
    """
    earlier, known = stored.get("earlier"), stored.get(KNOWN_BEFORE)
    if part["part_started_at"] > stored["last_event_at"]:
        earlier, known = _totals(stored), None
    elif part["part_started_at"] != stored.get("part_started_at", stored["first_event_at"]):
        earlier, known = None, _totals(stored)
    found = dict(part)
    if earlier is not None:
        found |= {**_sums(earlier, _totals(part)), "earlier": earlier}
    if known is not None:
        found |= {**_larger(known, _totals(found)), KNOWN_BEFORE: known}
    if earlier is not None or known is not None:
        found |= _span(stored, part)
    return found


def stage_and_hour(
    user_id: str, attributes: Attributes, *, indexes_all: bool = True
) -> dict[str, Any]:
    """What readers of the table look for: how far the session came, and when it was last active.

    Without its hour a session is not in the index, whose every write costs two. Unless all are to
    be found there, those that only look are left out.
    """
    if attributes["purchase_count"]:
        stage = "bought"
    elif attributes["cart_count"] > attributes["remove_from_cart_count"]:
        stage = "cart"
    else:
        stage = "looking"
    if stage == "looking" and not indexes_all:
        return {"stage": stage}
    hour = attributes["last_event_at"][: len("2026-01-02T03")]
    return {"stage": stage, "active_hour": f"{hour}#{zlib.crc32(user_id.encode()) % BUCKETS}"}


def _totals(state: Attributes) -> dict[str, Any]:
    return {name: state[name] for name in (*_NUMBERS, *AMOUNTS) if name in state}


def _sums(one: Attributes, other: Attributes) -> dict[str, Any]:
    counts = {name: one.get(name, 0) + other[name] for name in _NUMBERS if name in other}
    return counts | {name: str(Decimal(one[name]) + Decimal(other[name])) for name in AMOUNTS}


def _larger(one: Attributes, other: Attributes) -> dict[str, Any]:
    counts = {name: max(one.get(name, 0), other[name]) for name in _NUMBERS if name in other}
    return counts | {name: max(one[name], other[name], key=Decimal) for name in AMOUNTS}


def _span(stored: Attributes, part: Attributes) -> dict[str, str]:
    return {
        "first_event_at": min(stored["first_event_at"], part["first_event_at"]),
        "last_event_at": max(stored["last_event_at"], part["last_event_at"]),
    }
