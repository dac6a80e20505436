"""Who visits on a day, in how many sessions, and when each begins.

What happens in a session belongs to `browsing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecom_platform.traffic.calibration import Calibration
from ecom_platform.traffic.events import DAY_MS
from ecom_platform.traffic.randomness import (
    Floats,
    Ints,
    Keys,
    children,
    drawn,
    field,
    geometric_table,
    seed_key,
    unit,
)

# Visits a day of one person are Poisson with rate RATE * exponential * uniform. Fitted on two
# published ratios: a month has 14.6 times the visitors of a day (3.02 million in October), two
# months about 20 times.
_RATE = 0.0635
_PEOPLE_PER_DAILY_VISITOR = 32.8
_DAY_NOISE = 0.12
_MOST_SESSIONS = 12
# People are gone through in blocks of this many, so that memory does not grow with their number.
_BLOCK = 1_500_000


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Sessions of one day as columns, grouped by person."""

    person: Ints
    key: Keys
    start_ms: Ints

    def __len__(self) -> int:
        return len(self.person)


class Population:
    """A fixed number of people, most of whom come once or twice and some nearly every day."""

    def __init__(self, *, seed: int, events_per_day: float, calibration: Calibration) -> None:
        totals = calibration.totals
        sessions = events_per_day / totals.events_per_session
        visitors = sessions / totals.sessions_per_user_day
        self.size = max(1, round(visitors * _PEOPLE_PER_DAILY_VISITOR))
        self._seed = seed
        self._weekdays = calibration.weekdays
        self._rate = np.concatenate([self._rates(block) for block in self._blocks()])
        self._sessions = geometric_table(totals.sessions_per_user_day, most=_MOST_SESSIONS)
        self._start = _start_times(np.array([hour.event_share for hour in calibration.hours]))

    def visits(self, day: int, *, without: Ints) -> Iterator[Visits]:
        """The sessions that begin on a day, a block of people at a time.

        People in `without` stay away and change nothing for the others.
        """
        busyness = np.float32(self._busyness(day))
        for block in self._blocks():
            keys = children(self._keys(block), np.array([day]))
            comes = unit(keys) < -np.expm1(-self._rate[block] * busyness)
            comes[np.isin(block, without)] = False
            yield self._sessions_of(block[comes], keys[comes], day=day)

    def _sessions_of(self, people: Ints, keys: Keys, *, day: int) -> Visits:
        count = self._sessions[field(drawn(keys, "sessions"), low=0, width=16)]
        owner = np.repeat(np.arange(len(people)), count)
        nth = np.arange(len(owner)) - (np.cumsum(count) - count)[owner]
        session = children(keys[owner], nth)
        start = day * DAY_MS + self._starts(session)
        return Visits(person=people[owner], key=session, start_ms=start)

    def _blocks(self) -> Iterator[Ints]:
        for at in range(0, self.size, _BLOCK):
            yield np.arange(at, min(at + _BLOCK, self.size))

    def _rates(self, people: Ints) -> NDArray[np.float32]:
        keys = self._keys(people)
        rate = -np.log(unit(drawn(keys, "rate"))) * unit(drawn(keys, "habit")) * _RATE
        return rate.astype(np.float32)

    def _keys(self, people: Ints) -> Keys:
        return children(seed_key(self._seed, "people"), people)

    def _busyness(self, day: int) -> float:
        """The weekday's factor and some noise of the day; 1970-01-01 was a Thursday."""
        noise = float(unit(children(seed_key(self._seed, "busyness"), np.array([day])))[0])
        return self._weekdays[(day + 3) % 7] * (1 + _DAY_NOISE * (noise - 0.5))

    def _starts(self, sessions: Keys) -> Ints:
        bits = drawn(sessions, "start")
        step = field(bits, low=0, width=16)
        part = field(bits, low=16, width=32) * 2.0**-32
        low, high = self._start[step], self._start[step + 1]
        return (low + (high - low) * part).astype(np.int64)


def _start_times(shares: Floats) -> Floats:
    """Time of day in milliseconds at 65,537 evenly spaced probabilities."""
    cumulative = np.concatenate([[0.0], np.cumsum(shares / shares.sum())])
    edges = np.linspace(0, DAY_MS, len(cumulative))
    return np.interp(np.linspace(0, 1, (1 << 16) + 1), cumulative, edges)
