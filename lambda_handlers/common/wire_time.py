"""Times as records carry them: 2026-01-02T03:04:05.678Z."""

import re
from datetime import UTC, datetime

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def to_wire_time(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def from_wire_time(text: str) -> datetime:
    """The moment that such a text names; else ValueError."""
    if not _FORM.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)
