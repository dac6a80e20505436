"""The family of calibrated people at so many events a second, for a window of time.

`people` fills whole days; this fills minutes, at any load, with the very same sessions: a load of a
thousand events a second is more people, never hastier ones.
"""

from collections.abc import Collection

import numpy as np

from ecom_platform.traffic.calibration import published_calibration
from ecom_platform.traffic.events import DAY_MS, Events
from ecom_platform.traffic.people import user_ids
from ecom_platform.traffic.randomness import (
    Ints,
    children,
    choice_table,
    drawn,
    field,
    seed_key,
)
from ecom_platform.traffic.sessions import Sessions
from ecom_platform.traffic.visits import Visits

# Sessions that are already open at the window's start; in half an hour nearly all have ended.
_WARM_UP_SECONDS = 1800
_MOST_ARRIVALS_SPREAD = 8


class Visitors:
    """One session a person, begun evenly over the window and the half hour before it.

    `rate` is the mean number of events a second. Arrivals of a second depend on that second alone,
    so a longer window changes nobody. Visitors in `without` (numbers from 0) stay away.
    """

    lookback_days = 1

    def __init__(
        self,
        *,
        seed: int,
        rate: float,
        start_ms: int,
        seconds: int,
        without: Collection[int] = (),
    ) -> None:
        self._seed = seed
        self._start_ms = start_ms
        self._seconds = seconds
        self._without = np.array(sorted(without), dtype=np.int64)
        self._per_second = rate / published_calibration().totals.events_per_session
        self._sessions = Sessions(seed=seed)

    def begun_on(self, day: int) -> Events:
        """Every event inside the window of the sessions that begin on the day."""
        visits = self._visits()
        is_today = visits.start_ms // DAY_MS == day
        stays = is_today & ~np.isin(visits.person, self._without)
        chosen = Visits(
            person=visits.person[stays], key=visits.key[stays], start_ms=visits.start_ms[stays]
        )
        events = self._sessions.events(chosen, users=self.user_ids(chosen.person))
        end_ms = self._start_ms + self._seconds * 1000
        return events.taken((events.time_ms >= self._start_ms) & (events.time_ms < end_ms))

    def user_ids(self, people: Ints) -> Ints:
        """Public ids, all different, from the range of `people`."""
        return user_ids(people, seed=self._seed)

    def _visits(self) -> Visits:
        root = seed_key(self._seed, "visitors")
        second = np.arange(-_WARM_UP_SECONDS, self._seconds)
        bits = children(drawn(root, "arrivals"), second + _WARM_UP_SECONDS)
        count = _arrival_table(self._per_second)[field(bits, low=0, width=16)]
        person = np.arange(int(count.sum()))
        key = children(root, person)
        start = self._start_ms + np.repeat(second, count) * 1000
        return Visits(
            person=person,
            key=key,
            start_ms=start + field(drawn(key, "start"), low=0, width=16) % 1000,
        )


def _arrival_table(mean: float) -> Ints:
    """Numbers of arrivals in one second, Poisson, as a choice table of 16 bits."""
    most = int(mean + _MOST_ARRIVALS_SPREAD * mean**0.5) + _MOST_ARRIVALS_SPREAD
    number = np.arange(most)
    log_factorial = np.cumsum(np.log(np.maximum(number, 1)))
    log_weight = number * np.log(mean) - log_factorial
    return choice_table(np.exp(log_weight - log_weight.max()), bits=16)
