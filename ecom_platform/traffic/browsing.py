"""What a visitor looks at in a session: how many views, of which products.

Carts and purchases belong to `buying`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecom_platform.traffic.assortment import SHELF_BITS, Assortment
from ecom_platform.traffic.calibration import Calibration
from ecom_platform.traffic.randomness import Ints, Keys, children, drawn, field, quantile_table

# A visitor who moves on to another product leaves the category as often as the slice shows,
# corrected for coming back by chance.
_STAY_WITH_PRODUCT_CORRECTION = 0.97
# The slice cuts sessions at both ends of its three hours; over whole days they are longer by this
# factor.
_SESSION_STRETCH = 1.32
_SHORT_SESSION = 2


@dataclass(frozen=True, kw_only=True)
class Views:
    """The views of many sessions, one session after the other."""

    count: Ints
    """Views by session."""
    first: Ints
    """Position of each session's first view."""
    owner: Ints
    """By view: which session."""
    product: Ints


class Browsing:
    """Draws views from the assortment with the habits that the slice shows."""

    def __init__(self, *, assortment: Assortment, calibration: Calibration) -> None:
        self._assortment = assortment
        points = calibration.slice.events_per_session_quantiles
        self._counts = np.ceil(
            quantile_table(
                [(p, v if v <= _SHORT_SESSION else v * _SESSION_STRETCH) for p, v in points]
            )
        ).astype(np.int64)
        stays = calibration.slice.same_product_share * _STAY_WITH_PRODUCT_CORRECTION
        self._moves_on = int(stays * 65_536)
        self._changes_category = int(calibration.slice.same_category_share * 65_536)

    def views(self, sessions: Keys) -> Views:
        """Views of each session: products in runs, runs of one category."""
        count = self._counts[field(drawn(sessions, "views"), low=0, width=16)]
        first = np.cumsum(count) - count
        owner = np.repeat(np.arange(len(sessions)), count)
        nth = np.arange(len(owner)) - first[owner]
        keys = children(sessions[owner], nth)
        is_new = (nth == 0) | (field(keys, low=0, width=16) >= self._moves_on)
        leaves = (nth == 0) | (field(keys, low=16, width=16) >= self._changes_category)
        return Views(
            count=count,
            first=first,
            owner=owner,
            product=self._products(keys, is_new=is_new, leaves=leaves),
        )

    def _products(
        self, keys: Keys, *, is_new: NDArray[np.bool_], leaves: NDArray[np.bool_]
    ) -> Ints:
        """Only views of something new draw a product; the others repeat the one before."""
        at = np.flatnonzero(is_new)
        bits = drawn(keys[at], "product")
        drawn_category = self._assortment.category_of_view[field(bits, low=0, width=SHELF_BITS)]
        here = np.where(leaves[at], np.arange(len(at)), 0)
        category = drawn_category[np.maximum.accumulate(here)]
        products = self._assortment.product_seen(category=category, bits=bits)
        repeated: Ints = products[np.cumsum(is_new) - 1]
        return repeated
