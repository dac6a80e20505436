"""An alert as the platform reads it: an item of the table of alerts, and where reading got to.

What does not belong here: who writes it (`lambda_handlers/alert_recorder`), and requests.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

BUCKETS = 10
"""Into so many parts the index spreads each day; the recorder's own number."""

MUTE = "mute"
"""Sort key of the item by which a person mutes an entity; the recorder's own word."""


@dataclass(frozen=True)
class Alert:
    """One episode of one rule and entity; times are ISO 8601 with milliseconds, UTC."""

    alert_id: str
    rule: str
    entity: str
    severity: str
    status: str
    opened_at: str
    last_crossed_at: str
    recorded_at: str
    updated_at: str
    crossing_count: int
    peak_value: float
    threshold: float
    notified_at: str | None

    @property
    def seconds_to_record(self) -> float:
        """From the first crossing to the table."""
        return seconds_between(self.opened_at, self.recorded_at)

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Alert":
        return cls(
            alert_id=str(item["alert_id"]),
            rule=str(item["rule"]),
            entity=str(item["entity"]),
            severity=str(item["severity"]),
            status=str(item["status"]),
            opened_at=str(item["opened_at"]),
            last_crossed_at=str(item["last_crossed_at"]),
            recorded_at=str(item["recorded_at"]),
            updated_at=str(item["updated_at"]),
            crossing_count=int(item["crossing_count"]),
            peak_value=float(item["peak_value"]),
            threshold=float(item["threshold"]),
            notified_at=item.get("notified_at"),
        )


def seconds_between(earlier: str, later: str) -> float:
    """Seconds from one time on the wire to another."""
    first, second = map(datetime.fromisoformat, (earlier, later))
    return (second - first).total_seconds()


def day_buckets(since: datetime, until: datetime) -> Iterator[str]:
    """The keys of the index by day that hold what changed between two moments, UTC."""
    day = since.date()
    while day <= until.date():
        yield from (f"{day}#{bucket}" for bucket in range(BUCKETS))
        day += timedelta(days=1)


def wire_time(moment: datetime) -> str:
    """As the table writes times: `2026-01-02T03:04:05.678Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
