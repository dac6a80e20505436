"""Events as columns, and what a family of actors must provide.

Who acts and why belongs to the families.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ecom_platform.traffic.randomness import Ints, Keys

DAY_MS = 86_400_000


class Kind(IntEnum):
    """Event types in the order in which their text is looked up."""

    VIEW = 0
    CART = 1
    REMOVE_FROM_CART = 2
    PURCHASE = 3


@dataclass(frozen=True, kw_only=True)
class Events:
    """Columns of equal length, one element an event.

    Everything else about a row follows from the product's number.
    """

    time_ms: Ints
    """Milliseconds since 1970 UTC. Files show whole seconds; the rest orders rows inside one."""
    kind: NDArray[np.uint8]
    product: NDArray[np.int32]
    """Number of the product in the assortment, not its public id."""
    user: Ints
    session: Keys
    """Key of the session; its UUID text is a hash of it."""

    def __len__(self) -> int:
        return len(self.time_ms)

    def taken(self, chosen: NDArray[np.bool_] | Ints) -> "Events":
        """The rows of a mask or of positions."""
        return Events(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


class Family(Protocol):
    """Actors of one sort: people, or one sort of attacker.

    A family draws every number from keys of its own actors, never from a shared sequence, and has
    its own range of user ids. People own 500,000,000 to 579,999,999.
    """

    @property
    def lookback_days(self) -> int:
        """For how many days after the day of its first event something may still go on."""
        ...

    def begun_on(self, day: int) -> Events:
        """All events, to the last, of whatever begins on this day (days since 1970 UTC).

        A pure function of the day. Rows stand grouped by actor and in time order within one
        session; the same actors give the same rows in the same relative order whoever else is
        there.
        """
        ...


def joined(parts: Sequence[Events]) -> Events:
    """The rows of all parts, in their order."""
    return Events(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Events)}
    )


def in_time_order(events: Events) -> Events:
    """Sorted by time; rows of one millisecond keep their order, so that removing an actor moves
    nobody.
    """
    if len(events) == 0:
        return events
    start = events.time_ms.min()
    keys = (events.time_ms - start).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(len(events), dtype=np.uint64)
    keys.sort()
    return events.taken((keys & np.uint64(0xFFFFFFFF)).astype(np.int64))
