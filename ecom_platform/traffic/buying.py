"""Who fills a cart, who buys, and the steps this puts into a session.

How the views came about belongs to `browsing`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecom_platform.traffic.assortment import Assortment
from ecom_platform.traffic.browsing import Views
from ecom_platform.traffic.calibration import Calibration, Totals
from ecom_platform.traffic.events import DAY_MS, Kind
from ecom_platform.traffic.randomness import (
    Floats,
    Ints,
    Keys,
    children,
    drawn,
    field,
    geometric_table,
    unit,
)
from ecom_platform.traffic.visits import Visits

# Slice: sessions of one view buy at about a third of the rate of the others, which make up 57.3 %
# of all.
_ONE_VIEW_WEIGHT = 0.36
_MORE_VIEWS_WEIGHT = (1 - 0.427 * _ONE_VIEW_WEIGHT) / 0.573
_MOST_CARTS, _MOST_PURCHASES = 12, 46
_SAME_ITEM_AGAIN = 0.25
# Share of buying sessions that show a cart: 1 - exp(-carts per 100 views / this). Makes 67 % over
# the cycle of regimes.
_COVERAGE = 2.85
_REGIME_NOISE = 0.2
# Where buyers explain all published carts of a shelf, a few visitors still leave theirs.
_LEAST_LIFT = 0.1


@dataclass(frozen=True, kw_only=True)
class Plans:
    """What each session does beyond looking, as columns; all zero for most."""

    after_view: Ints
    """The steps follow this view of the session."""
    carts: Ints
    removals: Ints
    purchases: Ints

    @property
    def steps(self) -> Ints:
        """Events added to the session: a view stands between two carts."""
        return np.maximum(2 * self.carts - 1, 0) + self.removals + self.purchases


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The added events, one session after the other."""

    owner: Ints
    nth: Ints
    kind: NDArray[np.uint8]
    product: Ints


class Buying:
    """Decides by what is looked at, the hour, and how well the shop records carts that day."""

    def __init__(
        self, *, assortment: Assortment, calibration: Calibration, removal_share: float
    ) -> None:
        self._assortment = assortment
        self._totals = calibration.totals
        self._removal_share = removal_share
        self._regimes = np.repeat(
            [c for _, c in calibration.cart_regimes], [n for n, _ in calibration.cart_regimes]
        )
        self._hourly_purchases = _relative(
            [h.purchases_per_view for h in calibration.hours], calibration
        )
        self._hourly_carts = _relative([h.carts_per_view for h in calibration.hours], calibration)
        self._carts = geometric_table(calibration.totals.carts_per_cart_session, most=_MOST_CARTS)
        self._purchases = geometric_table(
            calibration.totals.purchases_per_buying_session, most=_MOST_PURCHASES
        )

    def plans(self, visits: Visits, views: Views) -> Plans:
        """One errand a session at most, about the product of one of its views."""
        bits = drawn(visits.key, "errand")
        after = field(bits, low=0, width=32) * views.count >> 32
        wanted = views.product[views.first + after]
        hour = visits.start_ms % DAY_MS // 3_600_000
        weight = np.where(views.count == 1, _ONE_VIEW_WEIGHT, _MORE_VIEWS_WEIGHT)
        level = self._carts_per_100_views(visits.start_ms // DAY_MS)
        shown, left = _cart_shares(level, self._totals)
        buys = self._totals.buying_session_share * weight * self._hourly_purchases[hour]
        buys *= self._assortment.purchase_lift[wanted]
        leaves = left * weight * self._hourly_carts[hour] * self._cart_only_lift(wanted)
        chance = unit(drawn(visits.key, "outcome"))
        is_bought = chance < buys
        has_cart = np.where(
            is_bought, unit(drawn(visits.key, "shown")) < shown, chance < buys + leaves
        )
        carts = self._carts[field(bits, low=32, width=16)] * has_cart
        removes = has_cart & ~is_bought & (unit(drawn(visits.key, "removal")) < self._removal_share)
        return Plans(
            after_view=after,
            carts=carts,
            removals=removes * (1 + (field(bits, low=48, width=8) * carts >> 8)),
            purchases=self._purchases[field(drawn(visits.key, "purchases"), low=0, width=16)]
            * is_bought,
        )

    def steps(self, sessions: Keys, views: Views, plans: Plans) -> Steps:
        """Cart, look at the next item, cart it, then take some out again or buy in the order of
        carting.
        """
        acting = np.flatnonzero(plans.steps)
        length = plans.steps[acting]
        row = np.repeat(np.arange(len(acting)), length)
        owner = acting[row]
        nth = np.arange(len(row)) - (np.cumsum(length) - length)[row]
        carts = plans.carts[owner]
        filling = np.maximum(2 * carts - 1, 0)
        emptied = filling + plans.removals[owner]
        kind = np.where(nth % 2 == 0, Kind.CART, Kind.VIEW)
        kind = np.where(nth < filling, kind, Kind.REMOVE_FROM_CART)
        kind = np.where(nth < emptied, kind, Kind.PURCHASE)
        item = np.where(nth < filling, (nth + 1) // 2, nth - filling)
        item = np.where(nth < emptied, item, np.minimum(nth - emptied, np.maximum(carts - 1, 0)))
        wanted = views.product[views.first[owner] + plans.after_view[owner]]
        product = self._items(sessions[owner], wanted=wanted, item=item)
        return Steps(owner=owner, nth=nth, kind=kind.astype(np.uint8), product=product)

    def _items(self, sessions: Keys, *, wanted: Ints, item: Ints) -> Ints:
        """Item 0 is the wanted product; others are from its shelf, or the same again."""
        bits = drawn(children(sessions, item), "item")
        other = self._assortment.product_on(
            shelf=self._assortment.shelf_of_product[wanted], bits=bits
        )
        is_same = (item == 0) | (field(bits, low=0, width=16) < _SAME_ITEM_AGAIN * 65_536)
        return np.where(is_same | (self._assortment.price[other] == 0), wanted, other)

    def _cart_only_lift(self, wanted: Ints) -> Floats:
        """Published cart rates include buyers' carts; what is left of them is the lift of those who
        do not buy.
        """
        bought = 1 - self._totals.cart_sessions_unbought_share
        lift = self._assortment.cart_lift[wanted] - bought * self._assortment.purchase_lift[wanted]
        has_price = self._assortment.price[wanted] > 0
        positive: Floats = np.maximum(lift / (1 - bought), _LEAST_LIFT * has_price)
        return positive

    def _carts_per_100_views(self, day: Ints) -> Floats:
        level = self._regimes[day % len(self._regimes)]
        noise = unit(children(np.zeros(1, dtype=np.uint64), day)) - 0.5
        noisy: Floats = level * (1 + _REGIME_NOISE * noise)
        return noisy


def _cart_shares(level: Floats, totals: Totals) -> tuple[Floats, Floats]:
    """Share of buying sessions that show a cart, and share of all sessions that only fill one."""
    views = totals.events_per_session / (1 + totals.carts_per_view + totals.purchases_per_view)
    with_cart = level / 100 * views / totals.carts_per_cart_session
    shown: Floats = -np.expm1(-level / _COVERAGE)
    return shown, np.maximum(with_cart - shown * totals.buying_session_share, 0.005)


def _relative(rates: list[float], calibration: Calibration) -> Floats:
    """Rates by hour over their mean, weighted by the events of the hour."""
    shares = np.array([hour.event_share for hour in calibration.hours])
    mean = float((np.array(rates) * shares).sum())
    relative: Floats = np.array(rates) / mean
    return relative
