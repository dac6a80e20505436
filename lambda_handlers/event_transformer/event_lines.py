"""How a raw record becomes one line of the archive. Pure: bytes in, a line or nothing out.

Nothing is refused here: the lake judges every line, and keeps what it refuses with its reason. So
no record is lost on the way, whichever cloud carries it.
"""

import base64
import json
import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from common.canary import USER_ID

Kind = Literal["event", "unreadable", "heartbeat", "canary"]

HEARTBEAT = "heartbeat"
UNREADABLE = "unreadable_base64"
DEEPEST = 100
"""Opening brackets of a record; more are a bomb for whoever parses it, and no event has them."""
REPLACEMENT = "\ufffd"
"""What broken encodings leave behind; Flink sees no difference to bytes that are not UTF-8."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class ArchiveLine:
    """One line of JSON that ends in a line feed; None for what is no event of the shop: a
    heartbeat, and what the canary does.
    """

    kind: Kind
    line: bytes | None


def to_line(data: bytes, arrived_at: str) -> ArchiveLine:
    """Keep a JSON object as the sender wrote it, on one line, after the time of its arrival.

    Any other record becomes `{"arrived_at": …, "unreadable_base64": …}`: base64 grows by a third
    whatever the bytes are, where escapes of JSON would grow them sixfold.

    Args:
        data: the record as it was put.
        arrived_at: when the stream took it, ISO 8601 UTC with milliseconds.

    """
    pairs = _pairs(data)
    if pairs is None:
        return _unreadable(data, arrived_at)
    event = dict(pairs)
    if event.get("event_type") == HEARTBEAT:
        return ArchiveLine("heartbeat", None)
    if event.get("user_id") == USER_ID:
        return ArchiveLine("canary", None)
    if len(event) < len(pairs) or "arrived_at" in event or _has_lone_surrogate(data, event):
        return ArchiveLine("event", _rewritten(data, event, arrived_at))
    # Valid JSON has line breaks only between its tokens, where a space means the same.
    line = b" ".join(data.split(b"\n")).replace(b"\r", b" ").strip()
    start = b'{"arrived_at": "%s"' % arrived_at.encode()
    return ArchiveLine("event", start + (b", " if event else b"") + line[1:] + b"\n")


def _pairs(data: bytes) -> list[tuple[str, object]] | None:
    """The fields of a record that is one JSON object, repeated ones too; none for any other."""
    try:
        text = data.decode("utf-8")
        if text.count("{") + text.count("[") > DEEPEST or REPLACEMENT in text:
            return None
        fields = json.loads(text, object_pairs_hook=_Fields, parse_constant=_refuse_constant)
    except ValueError:
        return None
    return fields if isinstance(fields, _Fields) else None


class _Fields(list[tuple[str, object]]):
    """The fields of an object, to tell it from an array."""


def _has_lone_surrogate(data: bytes, event: dict[str, object]) -> bool:
    """Whether any text holds half a character, which only an escape can write down."""
    has_escape = rb"\ud" in data.lower()
    return has_escape and bool(_LONE_SURROGATE.search(json.dumps(event, ensure_ascii=False)))


def _rewritten(data: bytes, event: dict[str, object], arrived_at: str) -> bytes:
    """A field that was given twice counts as it came last; the sender's text is kept beside it.

    Half a surrogate pair is no character, so it becomes a question mark, as in Flink.
    """
    plain = {
        name: _LONE_SURROGATE.sub("?", value) if isinstance(value, str) else value
        for name, value in event.items()
        if not isinstance(value, _Fields)
    }
    fields = {**plain, "arrived_at": arrived_at, "original": base64.b64encode(data).decode()}
    return json.dumps(fields).encode() + b"\n"


def _unreadable(data: bytes, arrived_at: str) -> ArchiveLine:
    fields = {"arrived_at": arrived_at, UNREADABLE: base64.b64encode(data).decode()}
    return ArchiveLine("unreadable", json.dumps(fields).encode() + b"\n")


def _refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are no JSON, though Python's parser takes them."""
    raise ValueError(name)
