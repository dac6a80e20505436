"""How many events the sessions must count: each id once in a window of its session."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

TOLERANCE_MS, WINDOW_SECONDS = 1000, 5
"""An event's own time counts while it lies within the tolerance of its arrival, else the arrival.
Sessions are summed in windows."""

Arrival = tuple[dict[str, Any], float]
"""The fields of an event, and when its stream took it, in seconds since 1970."""


def event_of(data: bytes) -> dict[str, Any] | None:
    """The event in a record; none where it is a heartbeat, or no event at all."""
    try:
        fields = json.loads(data)
        return fields if isinstance(fields["user_id"], int) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def counted(events: Iterable[Arrival]) -> int:
    """What sessions and the late stream must hold together of good events."""
    found = set()
    for fields, arrived_at in events:
        arrived_ms = round(arrived_at * 1000)
        event_ms = round(datetime.fromisoformat(fields["event_time"]).timestamp() * 1000)
        rule_ms = event_ms if abs(arrived_ms - event_ms) < TOLERANCE_MS else arrived_ms
        found.add((fields["event_id"], rule_ms // (1000 * WINDOW_SECONDS)))
    return len(found)
