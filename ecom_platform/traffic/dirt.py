"""What goes wrong in real deliveries: broken rows, late rows, files delivered twice.

Every choice is a hash of the row it is about, so dirt moves no clean row and leaves with the actor
it came from. A broken row is an extra one behind an intact row; nothing clean is lost. Writing
files belongs to `delivery`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ecom_platform.traffic.events import Events
from ecom_platform.traffic.randomness import Ints, Keys, children, drawn, field, seed_key, unit

Fields = list[bytes]


class Defect(StrEnum):
    """The ways in which a row is broken."""

    TRUNCATED_ROW = "truncated_row"
    BAD_TYPE = "bad_type"
    BAD_TIME = "bad_time"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    NEGATIVE_PRICE = "negative_price"
    MISSING_USER = "missing_user"
    INVALID_UTF8 = "invalid_utf8"


@dataclass(frozen=True, kw_only=True)
class Soiling:
    """What happens to one batch of rows: positions in it, and the defect of each copy."""

    is_late: np.ndarray[tuple[int], np.dtype[np.bool_]]
    broken_after: Ints
    defects: tuple[Defect, ...]


@dataclass(frozen=True, kw_only=True)
class Dirt:
    """`share` of the rows get a broken copy behind them, and `share` of them arrive late; 0 turns
    all dirt off.
    """

    seed: int
    share: float

    def soiling(self, events: Events, *, may_be_late: bool) -> Soiling:
        """Chooses rows of a batch; late rows do not break."""
        keys = self._row_keys(events)
        is_late = unit(drawn(keys, "late")) < (self.share if may_be_late else 0.0)
        broken = np.flatnonzero((unit(drawn(keys, "broken")) < self.share) & ~is_late)
        kinds = tuple(Defect)
        chosen = field(drawn(keys[broken], "defect"), low=0, width=32) * len(kinds) >> 32
        return Soiling(
            is_late=is_late, broken_after=broken, defects=tuple(kinds[i] for i in chosen)
        )

    def file_delivered_twice(self, files: int) -> int:
        """Position of the file of which a second copy arrives."""
        return int(seed_key(self.seed, "delivered twice")[0] % np.uint64(files))

    def file_cut_short(self, files: int) -> int:
        """Position of the file whose last row breaks off, as it does in the published sample."""
        return int(seed_key(self.seed, "cut short")[0] % np.uint64(files))

    def _row_keys(self, events: Events) -> Keys:
        own = children(events.session ^ seed_key(self.seed, "dirt"), events.time_ms)
        return children(own, events.product.astype(np.int64))


def broken_line(fields: Fields, defect: Defect) -> bytes:
    """A copy of the nine fields with one defect, without a line end."""
    return b",".join(_BREAKERS[defect](list(fields)))


def _replaced(position: int, value: Callable[[bytes], bytes]) -> Callable[[Fields], Fields]:
    def replace(fields: Fields) -> Fields:
        fields[position] = value(fields[position])
        return fields

    return replace


_BREAKERS: dict[Defect, Callable[[Fields], Fields]] = {
    Defect.TRUNCATED_ROW: lambda fields: [*fields[:7], fields[7][:-1]],
    Defect.BAD_TYPE: _replaced(2, lambda product_id: product_id[:-1] + b"x"),
    Defect.BAD_TIME: _replaced(0, lambda time: time[:11] + b"25:61:61 UTC"),
    Defect.UNKNOWN_EVENT_TYPE: _replaced(1, lambda _: b"wishlist"),
    Defect.NEGATIVE_PRICE: _replaced(
        6, lambda price: b"-1.00" if price == b"0.00" else b"-" + price
    ),
    Defect.MISSING_USER: _replaced(7, lambda _: b""),
    Defect.INVALID_UTF8: _replaced(5, lambda brand: brand + b"\xff\xfe"),
}
