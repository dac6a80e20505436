"""What happens inside calibrated sessions: views woven with carts and purchases, and their times.

Who comes and when belongs to the families (`people`, `visitors`, `controls`).
"""

import numpy as np
from numpy.typing import NDArray

from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.browsing import Browsing, Views
from ecom_platform.traffic.buying import Buying, Plans, Steps
from ecom_platform.traffic.calibration import published_calibration
from ecom_platform.traffic.events import Events, Kind
from ecom_platform.traffic.randomness import Ints, children, drawn, field, quantile_table
from ecom_platform.traffic.visits import Visits

DEFAULT_REMOVAL_SHARE = 0.03


class Sessions:
    """The events of visits, with the habits of the published shop.

    `removal_share` is the share of unbought carts from which something is taken out again; the
    published shop records none.
    """

    def __init__(self, *, seed: int, removal_share: float = DEFAULT_REMOVAL_SHARE) -> None:
        calibration = published_calibration()
        shop = assortment(seed)
        self._browsing = Browsing(assortment=shop, calibration=calibration)
        self._buying = Buying(assortment=shop, calibration=calibration, removal_share=removal_share)
        self._gaps = np.round(
            quantile_table(calibration.slice.gap_seconds_quantiles) * 1000
        ).astype(np.int64)

    def events(self, visits: Visits, *, users: Ints) -> Events:
        """All events of the visits, one visit after the other; `users` are public ids by visit."""
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
            user=users[owner],
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
