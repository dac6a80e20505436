"""The family of ordinary visitors: sessions with views, carts and purchases, laid out in time.

Its parts are `visits` (who and when) and `sessions` (what each does). Attackers are other families.
"""

from collections.abc import Collection

import numpy as np

from ecom_platform.traffic.calibration import published_calibration
from ecom_platform.traffic.events import DAY_MS, Events, joined
from ecom_platform.traffic.randomness import Ints, seed_key
from ecom_platform.traffic.sessions import DEFAULT_REMOVAL_SHARE, Sessions
from ecom_platform.traffic.visits import Population

_FIRST_USER_ID, _USER_IDS = 500_000_000, 79_999_987


class People:
    """Visitors of the shop at a rate of about `events_per_day`.

    `removal_share` is that of `Sessions`. People in `without` (numbers from 0) never come, and
    nobody else's rows change.
    """

    lookback_days = 2

    def __init__(
        self,
        *,
        seed: int,
        events_per_day: float,
        removal_share: float = DEFAULT_REMOVAL_SHARE,
        without: Collection[int] = (),
    ) -> None:
        self._seed = seed
        self._without = np.array(sorted(without), dtype=np.int64)
        self._population = Population(
            seed=seed, events_per_day=events_per_day, calibration=published_calibration()
        )
        self._sessions = Sessions(seed=seed, removal_share=removal_share)

    def begun_on(self, day: int) -> Events:
        """Every session that begins on the day, cut off where it would outlast `lookback_days`."""
        end = (day + 1 + self.lookback_days) * DAY_MS
        blocks = self._population.visits(day, without=self._without)
        parts = [self._sessions.events(v, users=self.user_ids(v.person)) for v in blocks]
        return joined([part.taken(part.time_ms < end) for part in parts])

    def user_ids(self, people: Ints) -> Ints:
        """Public ids, all different."""
        return user_ids(people, seed=self._seed)


def user_ids(people: Ints, *, seed: int) -> Ints:
    """Public ids of people's numbers: multiplication modulo a prime is a bijection."""
    shift = int(seed_key(seed, "user_id")[0] % np.uint64(_USER_IDS))
    return _FIRST_USER_ID + (people * 48_271 + shift) % _USER_IDS
