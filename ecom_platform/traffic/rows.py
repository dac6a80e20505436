"""Events as rows of the published CSV form: columns of text and numbers, written by Arrow.

Files belong to `delivery`.
"""

from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from ecom_platform.traffic.assortment import Assortment
from ecom_platform.traffic.events import Events, Kind
from ecom_platform.traffic.randomness import Keys, drawn

COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
_SECONDS = 86_400
_NO_QUOTES = pa_csv.WriteOptions(include_header=False, quoting_style="none")
# Positions of the 32 hexadecimal digits in the 36 characters of a UUID.
_HEX_AT = np.array([i for i in range(36) if i not in (8, 13, 18, 23)])


class RowText:
    """Turns events into the nine columns; what depends on the product alone is prepared once."""

    def __init__(self, assortment: Assortment) -> None:
        shelf = pa.array(assortment.shelf_of_product)
        self._product_id = pa.array(assortment.product_id)
        self._category_id = pa.array(assortment.category_id)
        self._code = pa.array(assortment.category_code, pa.string()).take(shelf)
        self._brand = pa.array(assortment.brand, pa.string()).take(shelf)
        self._price = pa.array([f"{price:.2f}" for price in assortment.price.tolist()])
        self._kind = pa.array([kind.name.lower() for kind in Kind])

    def table(self, events: Events) -> pa.Table:
        """The rows of events of any days, in their order."""
        product = pa.array(events.product)
        columns = (
            _times(events),
            self._kind.take(pa.array(events.kind)),
            self._product_id.take(product),
            self._category_id.take(product),
            self._code.take(product),
            self._brand.take(product),
            self._price.take(product),
            pa.array(events.user),
            session_uuids(events.session),
        )
        return pa.table(dict(zip(COLUMNS, columns, strict=True)))


def csv_bytes(table: pa.Table) -> pa.Buffer:
    """The rows without a header: nulls are empty, nothing is quoted, lines end in a line feed."""
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(table, sink, _NO_QUOTES)
    return sink.getvalue()


def session_uuids(sessions: Keys) -> pa.Array:
    """A version 4 UUID text for each session key."""
    halves = np.stack([drawn(sessions, "uuid high"), drawn(sessions, "uuid low")], axis=1)
    halves[:, 0] = halves[:, 0] & ~np.uint64(0xF000) | np.uint64(0x4000)
    halves[:, 1] = halves[:, 1] & ~np.uint64(3 << 62) | np.uint64(2 << 62)
    octets = halves.astype(">u8").view(np.uint8).reshape(-1, 16)
    text = np.full((len(sessions), 36), ord("-"), dtype=np.uint8)
    text[:, _HEX_AT] = _hex_pairs()[octets].view(np.uint8).reshape(-1, 32)
    return _fixed_width(text)


def _times(events: Events) -> pa.Array:
    """Text of the second, looked up in a table a day, since a day has only 86,400 of them."""
    day, second = np.divmod(events.time_ms // 1000, _SECONDS)
    days, at = np.unique(day, return_inverse=True)
    if len(days) == 0:
        return pa.array([], pa.string())
    texts = pa.concat_arrays([_seconds_of(int(d)) for d in days])
    return texts.take(pa.array(at * _SECONDS + second))


def _seconds_of(day: int) -> pa.Array:
    text = np.tile(np.frombuffer(b"0000-00-00 00:00:00 UTC", dtype=np.uint8), (_SECONDS, 1))
    text[:, :10] = np.frombuffer(
        date.fromordinal(719_163 + day).isoformat().encode(), dtype=np.uint8
    )
    text[:, 11:19] = _clock()
    return _fixed_width(text)


@cache
def _clock() -> NDArray[np.uint8]:
    clock = "".join(f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(_SECONDS))
    return np.frombuffer(clock.encode(), dtype=np.uint8).reshape(_SECONDS, 8)


@cache
def _hex_pairs() -> NDArray[np.uint16]:
    return np.frombuffer("".join(f"{octet:02x}" for octet in range(256)).encode(), dtype=np.uint16)


def _fixed_width(text: NDArray[np.uint8]) -> pa.Array:
    """Rows of equally many ASCII characters as an Arrow string array, without copying."""
    count, width = text.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))
    )
