"""What a quiet cart on the wire is: text in, `QuietCart` out, or a reason why not. No AWS here."""

import re
from dataclasses import dataclass
from datetime import datetime

from common.wire_fields import MalformedRecordError, moment, one_object, text, whole

_CHANGE = re.compile(r"(\d{13})([-+$])(\d{1,19})")
_PUT = "+"


@dataclass(frozen=True)
class QuietCart:
    """A session that has done nothing for a while, and what it left in its cart, newest first."""

    user_id: str
    user_session: str
    last_event_at: datetime
    product_ids: tuple[int, ...]

    @property
    def trigger_id(self) -> str:
        return f"{self.user_id}#{self.user_session}"


def parse_quiet_cart(data: bytes) -> QuietCart:
    """The quiet cart in one record. Raises MalformedRecordError."""
    fields = one_object(data)
    return QuietCart(
        user_id=str(whole(fields, "user_id")),
        user_session=text(fields, "user_session"),
        last_event_at=moment(fields, "last_event_at"),
        product_ids=_left(text(fields, "cart_changes")),
    )


def _left(changes: str) -> tuple[int, ...]:
    """What is left in the cart: of each product the last change counts, and must be a put."""
    last: dict[int, tuple[str, str]] = {}
    for change in changes.split(" "):
        found = _CHANGE.fullmatch(change)
        if found is None:
            remedy = "send changes like 1767323045678+4804056, with a space between them"
            raise MalformedRecordError("cart_changes", change, remedy)
        product_id = int(found[3])
        last[product_id] = max(last.get(product_id, ("", "")), (found[1], found[2]))
    left = [(done_at, product_id) for product_id, (done_at, kind) in last.items() if kind == _PUT]
    return tuple(product_id for _, product_id in sorted(left, reverse=True))
