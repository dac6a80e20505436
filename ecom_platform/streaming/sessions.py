"""A session as the platform reads it: an item of the table of sessions, and what was told of it.

What does not belong here: who writes it (`lambda_handlers/session_recorder`), and requests.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

BUCKETS = 4
"""Into so many parts the index spreads each hour; the recorder's own number."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Session:
    """The newest state of a session; times are ISO 8601 with milliseconds, UTC."""

    user_id: str
    user_session: str
    stage: str
    first_event_at: str
    last_event_at: str
    event_count: int
    cart_amount: str
    revenue_amount: str
    last_product_id: int | None

    @property
    def key(self) -> dict[str, str]:
        """That of its items, in the table of sessions and in that of quiet carts."""
        return {"user_id": self.user_id, "user_session": self.user_session}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Session":
        product = item.get("last_product_id")
        return cls(
            user_id=str(item["user_id"]),
            user_session=str(item["user_session"]),
            stage=str(item["stage"]),
            first_event_at=str(item["first_event_at"]),
            last_event_at=str(item["last_event_at"]),
            event_count=int(item["event_count"]),
            cart_amount=str(item["cart_amount"]),
            revenue_amount=str(item["revenue_amount"]),
            last_product_id=None if product is None else int(product),
        )


@dataclass(frozen=True)
class QuietCart:
    """What was told of a session whose cart went quiet."""

    product_ids: tuple[int, ...]
    goes_with: tuple[int, ...]
    notified_at: str | None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "QuietCart":
        return cls(
            product_ids=tuple(int(one) for one in item["product_ids"]),
            goes_with=tuple(int(one) for one in item["goes_with"]),
            notified_at=item.get("notified_at"),
        )


def hour_buckets(since: datetime, until: datetime) -> Iterator[str]:
    """The keys of the index by hour that hold sessions of between two moments, the newest first."""
    hour = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour + HOUR > since:
        yield from (f"{hour:%Y-%m-%dT%H}#{bucket}" for bucket in range(BUCKETS))
        hour -= HOUR


def session_rows(
    active: Sequence[Session], quiet: Mapping[Session, QuietCart]
) -> list[dict[str, object]]:
    """The sessions as people read them, and what was told of those whose cart went quiet."""
    return [
        {
            "user": one.user_id,
            "session": one.user_session,
            "stage": one.stage,
            "events": one.event_count,
            "cart value": one.cart_amount,
            "last product": one.last_product_id,
            "last event": one.last_event_at,
            "told of": quiet[one].notified_at if one in quiet else None,
            "goes with": ", ".join(map(str, quiet[one].goes_with)) if one in quiet else None,
        }
        for one in active
    ]
