"""How a raw record becomes one line of the archive. Pure: bytes in, a line or nothing out.

Nothing is refused here: the lake judges every line, and keeps what it refuses with its reason. So
no record is lost on the way, whichever cloud carries it.
"""

import json
from dataclasses import dataclass
from typing import Literal, NoReturn

Kind = Literal["event", "unreadable", "heartbeat"]

HEARTBEAT = "heartbeat"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class ArchiveLine:
    """One line of JSON that ends in a line feed; None for a heartbeat, which is no event."""

    kind: Kind
    line: bytes | None


def to_line(data: bytes) -> ArchiveLine:
    """Keep valid JSON as the sender wrote it, on one line; wrap any other record as text.

    A record that is not JSON becomes `{"unreadable": "<its text>"}`, where bytes that are not UTF-8
    stand as backslash escapes.
    """
    try:
        event = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        text = data.decode("utf-8", errors="backslashreplace")
        return ArchiveLine("unreadable", json.dumps({UNREADABLE: text}).encode() + b"\n")
    if isinstance(event, dict) and event.get("event_type") == HEARTBEAT:
        return ArchiveLine("heartbeat", None)
    # Valid JSON has line breaks only between its tokens, where a space means the same.
    line = b" ".join(data.split(b"\n")).replace(b"\r", b" ").strip()
    return ArchiveLine("event", line + b"\n")


def _refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are no JSON, though Python's parser takes them."""
    raise ValueError(name)
