"""Times as records carry them: 2026-01-02T03:04:05.678Z."""

from datetime import UTC, datetime


def to_wire_time(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
