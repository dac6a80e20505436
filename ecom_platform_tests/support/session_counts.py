"""How many events the sessions must count: each id once in a window of its session."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
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


def counted(events: Iterable[Arrival]) -> Counter[str]:
    """How many of its good events each session and the late stream must hold together."""
    found = set()
    for fields, arrived_at in events:
        arrived_ms = round(arrived_at * 1000)
        event_ms = round(datetime.fromisoformat(fields["event_time"]).timestamp() * 1000)
        rule_ms = event_ms if abs(arrived_ms - event_ms) < TOLERANCE_MS else arrived_ms
        window = rule_ms // (1000 * WINDOW_SECONDS)
        found.add((session_key(fields), fields["event_id"], window))
    return Counter(session for session, *_ in found)


def session_key(fields: Mapping[str, Any]) -> str:
    """The session of an event or of a state."""
    return f"{fields['user_id']} {fields['user_session']}"
