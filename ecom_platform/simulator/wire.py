"""Events as they go over the wire: source rows, their ids, and JSON in the form of the contract of
the stream `raw-events`.

When a record is sent, and what goes wrong with it, belongs to `replay` and `wire_dirt`.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

_NAMESPACE = uuid.UUID("5f0c1c1e-6f0b-5c39-9c0b-0f4d4d1d8a11")
WireEvent = dict[str, object]


class SourceRow(NamedTuple):
    """One row of a scenario or of an event file, typed; the order is that of the files."""

    time_ms: int
    event_type: str
    product_id: int
    category_id: int
    category_code: str | None
    brand: str | None
    price: str
    user_id: int
    user_session: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberedRow:
    """A row, and how many identical ones stood before it."""

    row: SourceRow
    copy: int


def numbered(rows: Iterable[SourceRow]) -> Iterator[NumberedRow]:
    """Counts identical rows, which stand together since rows come in the order of their times.

    Two units bought in one second are two events; a file that is played twice gives the same ids
    twice.
    """
    time_ms = -1
    seen: Counter[SourceRow] = Counter()
    for row in rows:
        if row.time_ms != time_ms:
            time_ms = row.time_ms
            seen.clear()
        yield NumberedRow(row=row, copy=seen[row])
        seen[row] += 1


def event_id(numbered_row: NumberedRow, *, replay_id: str) -> str:
    """UUID of an event: the same row, copy and replay give the same one."""
    text = "\x1f".join(map(str, (*numbered_row.row, numbered_row.copy, replay_id)))
    return str(uuid.uuid5(_NAMESPACE, text))


def wire_event(numbered_row: NumberedRow, *, time_ms: int, replay_id: str) -> WireEvent:
    """The event re-stamped to `time_ms`."""
    row = numbered_row.row
    return {
        "event_id": event_id(numbered_row, replay_id=replay_id),
        "event_time": wire_time(time_ms),
        "event_type": row.event_type,
        "product_id": row.product_id,
        "category_id": row.category_id,
        "category_code": row.category_code,
        "brand": row.brand,
        "price": row.price,
        "user_id": row.user_id,
        "user_session": row.user_session,
    }


def wire_bytes(event: WireEvent) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def wire_time(time_ms: int) -> str:
    """ISO 8601 UTC with milliseconds and `Z`."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def parse_wire_time(text: str) -> int:
    """Milliseconds since 1970 of such a time."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
