"""Event files read as source rows, for playing them again.

Rows that are no events are counted and left out: why they are none is told by the lake, which reads
the same files with all their reasons. Where files lie belongs to the caller.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from ecom_platform.simulator.wire import SourceRow
from ecom_platform.traffic.events import Kind
from ecom_platform.traffic.rows import COLUMNS

_KINDS = {kind.name.lower() for kind in Kind}
_CENTS = Decimal("0.01")


class NotAnEventFileError(ValueError):
    """The first line of a file does not name the columns; the message says which are missing."""


@dataclass
class EventRows:
    """Reads lines of CSV; `skipped_count` grows while the rows are drawn."""

    skipped_count: int = 0

    def read(self, lines: Iterable[str], *, name: str) -> Iterator[SourceRow]:
        """The rows of one file, in its order.

        Raises:
            NotAnEventFileError: a column is missing.

        """
        reader = csv.DictReader(lines)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise NotAnEventFileError(
                f"{name} has no column {', '.join(missing)}; its first line must name the columns"
            )
        for fields in reader:
            row = _row(fields)
            if row is None:
                self.skipped_count += 1
            else:
                yield row


def _row(fields: dict[str, str | None]) -> SourceRow | None:
    """A typed row, or nothing if a field that the stream needs is missing or wrong."""
    try:
        price = Decimal(fields["price"] or "")
        row = SourceRow(
            time_ms=_time_ms(fields["event_time"] or ""),
            event_type=fields["event_type"] or "",
            product_id=int(fields["product_id"] or ""),
            category_id=int(fields["category_id"] or ""),
            category_code=fields["category_code"] or None,
            brand=fields["brand"] or None,
            price=str(price.quantize(_CENTS)),
            user_id=int(fields["user_id"] or ""),
            user_session=fields["user_session"] or None,
        )
    except (ValueError, InvalidOperation):
        return None
    is_event = row.event_type in _KINDS and price >= 0 and None not in fields
    # Undecodable bytes were replaced by this mark on reading.
    is_text = "\ufffd" not in f"{row.category_code}{row.brand}{row.user_session}"
    return row if is_event and is_text else None


def _time_ms(text: str) -> int:
    """Milliseconds since 1970 of `2019-10-01 00:00:00 UTC`."""
    moment = datetime.fromisoformat(text.removesuffix(" UTC") + "+00:00")
    return round(moment.timestamp() * 1000)
