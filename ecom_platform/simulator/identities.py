"""The user ids of one actor: their keys, when they begin, and the products that they share.

What they do belongs to `cohorts` and `crowds`.
"""

import numpy as np

from ecom_platform.simulator.cast import Part
from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.events import Events, Kind
from ecom_platform.traffic.randomness import Floats, Ints, Keys, children, drawn, field, unit


class Cohort:
    """The identities of one actor of a part, one element each."""

    def __init__(self, part: Part, actor: int, *, seed: int, origin_ms: int) -> None:
        self.key: Keys = part.key(seed=seed, actor=actor)
        self.keys: Keys = children(self.key, np.arange(part.users))
        self.users: Ints = np.array([part.user_id(actor, u) for u in range(part.users)])
        self.start_ms = origin_ms + round(part.start_seconds * 1000)
        self._priced = np.flatnonzero(assortment(seed).price > 0)

    def begins(self, seconds: float) -> Ints:
        """Moments of the first so many seconds of the part, milliseconds since 1970."""
        return self.start_ms + self.spread(seconds)

    def spread(self, seconds: float) -> Ints:
        """Milliseconds within so many seconds."""
        return (self.chances("begins") * (1000 * seconds)).astype(np.int64)

    def chances(self, purpose: str) -> Floats:
        return unit(drawn(self.keys, purpose))

    def milliseconds(self, purpose: str, low: int, high: int) -> Ints:
        return (low + self.chances(purpose) * (high - low)).astype(np.int64)

    def products(self, count: int) -> Ints:
        """Neighbouring products with a price, the same for all."""
        first = int(field(drawn(self.key, "place"), low=0, width=32)[0])
        return self._priced[(first + np.arange(count)) % len(self._priced)]

    def events(self, time_ms: Ints, kind: Kind, product: Ints) -> Events:
        """One event of each identity, in its one session."""
        return Events(
            time_ms=time_ms,
            kind=np.full(len(time_ms), kind, dtype=np.uint8),
            product=product.astype(np.int32),
            user=self.users,
            session=drawn(self.keys, "session"),
        )
