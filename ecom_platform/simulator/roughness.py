"""What real people do that calibrated sessions lack: a pace of their own, a second visit, a reload.

Measured on the published slice; the calibrated people themselves are `traffic.visitors`.
"""

import numpy as np

from ecom_platform.traffic.events import Events, Family, Kind, joined
from ecom_platform.traffic.randomness import (
    Floats,
    Ints,
    Keys,
    children,
    drawn,
    field,
    normal_table,
    unit,
)

PACE_SIGMA = 0.6
"""Spread of the logarithm of a session's pace; gives successive pauses a correlation near 0.3."""
RETURNING_SHARE = 0.12
"""Sessions that belong to somebody who was there before."""
_RETURNS_AMONG = 4_000
RELOADING_SHARE = 0.0012
"""Views that are loaded again within a second."""
_NORMAL_BITS = 12


class RoughPeople(Family):
    """The same people, rougher."""

    def __init__(self, people: Family) -> None:
        self._people = people

    @property
    def lookback_days(self) -> int:
        return self._people.lookback_days

    def begun_on(self, day: int) -> Events:
        events = self._people.begun_on(day)
        if len(events) == 0:
            return events
        return with_reloads(with_second_visits(with_own_pace(events)))


def with_own_pace(events: Events) -> Events:
    """Stretch the pauses of each session by a factor of its own, log-normal with mean 1."""
    bits = field(drawn(events.session, "pace"), low=0, width=_NORMAL_BITS)
    factor = np.exp(PACE_SIGMA * normal_table()[bits] - PACE_SIGMA**2 / 2)
    begins = _begins(events)
    time_ms = begins + ((events.time_ms - begins) * factor).astype(np.int64)
    return _changed(events, time_ms=time_ms)


def with_second_visits(events: Events) -> Events:
    """Give some sessions to one of the people who come often."""
    returns = unit(drawn(events.session, "returns")) < RETURNING_SHARE
    among = np.unique(events.user)[: max(1, len(events) // _RETURNS_AMONG * 100)]
    chosen = _skewed(drawn(events.session, "returner"), len(among))
    return _changed(events, user=np.where(returns, among[chosen], events.user))


def with_reloads(events: Events) -> Events:
    """Load some views again, 200 to 1,000 ms later."""
    keys = children(events.session, events.time_ms)
    again = (unit(drawn(keys, "reload")) < RELOADING_SHARE) & (events.kind == Kind.VIEW)
    later = 200 + field(drawn(keys, "later"), low=0, width=16) % 800
    return joined([events, _changed(events, time_ms=events.time_ms + later).taken(again)])


def _skewed(keys: Keys, count: int) -> Ints:
    """Some come far more often than others."""
    chance: Floats = unit(keys)
    return np.minimum((chance**1.5 * count).astype(np.int64), count - 1)


def _begins(events: Events) -> Ints:
    """When the session of each event begins."""
    _, place = np.unique(events.session, return_inverse=True)
    first = np.full(place.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, place, events.time_ms)
    begins: Ints = first[place]
    return begins


def _changed(events: Events, *, time_ms: Ints | None = None, user: Ints | None = None) -> Events:
    return Events(
        time_ms=events.time_ms if time_ms is None else time_ms,
        kind=events.kind,
        product=events.product,
        user=events.user if user is None else user,
        session=events.session,
    )
