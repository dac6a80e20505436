"""The family of ordinary visitors: sessions with views, carts and purchases, laid out in time.

Its parts are `visits` (who and when), `browsing` (views) and `buying` (carts, purchases). Attackers
are other families.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.browsing import Browsing, Views
from ecom_platform.traffic.buying import Buying, Plans, Steps
from ecom_platform.traffic.calibration import published_calibration
from ecom_platform.traffic.events import DAY_MS, Events, Kind, joined
from ecom_platform.traffic.randomness import Ints, children, drawn, field, quantile_table, seed_key
from ecom_platform.traffic.visits import Population, Visits

DEFAULT_REMOVAL_SHARE = 0.03
_FIRST_USER_ID, _USER_IDS = 500_000_000, 79_999_987


class People:
    """Visitors of the shop at a rate of about `events_per_day`.

    `removal_share` is the share of unbought carts from which something is taken out again; the
    published shop records none. People in `without` (numbers from 0) never come, and nobody else's
    rows change.
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
        calibration = published_calibration()
        shop = assortment(seed)
        self._seed = seed
        self._without = np.array(sorted(without), dtype=np.int64)
        self._population = Population(
            seed=seed, events_per_day=events_per_day, calibration=calibration
        )
        self._browsing = Browsing(assortment=shop, calibration=calibration)
        self._buying = Buying(assortment=shop, calibration=calibration, removal_share=removal_share)
        self._gaps = np.round(
            quantile_table(calibration.slice.gap_seconds_quantiles) * 1000
        ).astype(np.int64)

    def begun_on(self, day: int) -> Events:
        """Every session that begins on the day, cut off where it would outlast `lookback_days`."""
        end = (day + 1 + self.lookback_days) * DAY_MS
        blocks = self._population.visits(day, without=self._without)
        parts = [self._sessions(visits) for visits in blocks]
        return joined([part.taken(part.time_ms < end) for part in parts])

    def user_ids(self, people: Ints) -> Ints:
        """Public ids, all different: multiplication modulo a prime is a bijection."""
        shift = int(seed_key(self._seed, "user_id")[0] % np.uint64(_USER_IDS))
        return _FIRST_USER_ID + (people * 48_271 + shift) % _USER_IDS

    def _sessions(self, visits: Visits) -> Events:
        views = self._browsing.views(visits.key)
        plans = self._buying.plans(visits, views)
        steps = self._buying.steps(visits.key, views, plans)
        length = views.count + plans.steps
        owner = np.repeat(np.arange(len(visits)), length)
        first = np.cumsum(length) - length
        kind, product = _woven(views, plans, steps, first=first)
        time = self._times(visits, owner=owner, first=first)
        return Events(
            time_ms=time,
            kind=kind,
            product=product,
            user=self.user_ids(visits.person)[owner],
            session=visits.key[owner],
        )

    def _times(self, visits: Visits, *, owner: Ints, first: Ints) -> Ints:
        """Start of the session and the gaps so far; the first event has no gap before it."""
        nth = np.arange(len(owner)) - first[owner]
        gaps = self._gaps[field(children(drawn(visits.key, "gaps")[owner], nth), low=0, width=16)]
        gaps[first] = 0
        passed = np.cumsum(gaps)
        return passed + (visits.start_ms - passed[first])[owner]


def _woven(
    views: Views, plans: Plans, steps: Steps, *, first: Ints
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Kind and product of all events: each session's views with its steps put in after the view
    they follow.
    """
    total = len(views.owner) + len(steps.owner)
    kind = np.full(total, Kind.VIEW, dtype=np.uint8)
    product = np.empty(total, dtype=np.int32)
    nth = np.arange(len(views.owner)) - views.first[views.owner]
    comes_later = nth > plans.after_view[views.owner]
    product[first[views.owner] + nth + comes_later * plans.steps[views.owner]] = views.product
    at = first[steps.owner] + plans.after_view[steps.owner] + 1 + steps.nth
    kind[at], product[at] = steps.kind, steps.product
    return kind, product
