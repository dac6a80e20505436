"""Which brand stands in which category, and how well it sells there: a table that agrees with both
published margins.

Only totals by category and by brand are published; the slice says which pairs exist. Products
belong to `assortment`.
"""

from dataclasses import dataclass

import numpy as np

from ecom_platform.traffic.calibration import Calibration
from ecom_platform.traffic.randomness import Floats

_ROUNDS = 200
_UNSEEN = 0.02


@dataclass(frozen=True, kw_only=True)
class Shelves:
    """Tables of categories (rows) by brands (columns), in the order of the calibration."""

    view_share: Floats
    purchase_lift: Floats
    """Purchases per view over the shop's purchases per view."""
    cart_lift: Floats
    mean_price: Floats


def shelves(calibration: Calibration) -> Shelves:
    """Fits views, carts, purchases and prices to both margins."""
    views_by_code = np.array([c.view_share for c in calibration.categories])
    views_by_brand = np.array([b.view_share for b in calibration.brands])
    views = _fitted(_sightings(calibration), rows=views_by_code, columns=views_by_brand)
    lifts = []
    for rate in ("purchases_per_view", "carts_per_view"):
        by_code = views_by_code * [getattr(c, rate) for c in calibration.categories]
        by_brand = views_by_brand * [getattr(b, rate) for b in calibration.brands]
        fitted = _fitted(views, rows=by_code / by_code.sum(), columns=by_brand / by_brand.sum())
        lifts.append(fitted / views)
    price = _prices(calibration, views=views, purchases=views * lifts[0])
    return Shelves(view_share=views, purchase_lift=lifts[0], cart_lift=lifts[1], mean_price=price)


def _sightings(calibration: Calibration) -> Floats:
    """Counts of the slice; pairs that it did not show stay possible, so that the fit always has a
    solution.
    """
    codes = {c.code: i for i, c in enumerate(calibration.categories)}
    brands = {b.brand: i for i, b in enumerate(calibration.brands)}
    counts = np.full((len(codes), len(brands)), 1e-6)
    counts[:, [brands["*"], brands[None]]] += _UNSEEN
    counts[codes[None]] += _UNSEEN
    for code, brand, count in calibration.brand_sightings:
        counts[codes[code], brands[brand]] += count
    return counts


def _fitted(table: Floats, *, rows: Floats, columns: Floats) -> Floats:
    """Iterative proportional fitting (Deming and Stephan 1940) of a table to its row and column
    sums.
    """
    fitted = table.copy()
    for _ in range(_ROUNDS):
        fitted *= (rows / fitted.sum(axis=1))[:, None]
        fitted *= columns / fitted.sum(axis=0)
    return fitted


def _prices(calibration: Calibration, *, views: Floats, purchases: Floats) -> Floats:
    """Category mean times brand level, such that both published means come out; brands without a
    figure stay at 1.
    """
    mean = np.array([c.mean_price for c in calibration.categories])
    known = np.array([b.mean_price is not None for b in calibration.brands])
    paid = np.array([b.mean_price or 1.0 for b in calibration.brands])
    code_level, brand_level = mean.copy(), np.ones(len(known))
    for _ in range(_ROUNDS):
        bought = (code_level[:, None] * purchases).sum(axis=0) / purchases.sum(axis=0)
        brand_level = np.where(known, np.clip(paid / bought, 0.2, 5.0), 1.0)
        shown = (views * brand_level).sum(axis=1) / views.sum(axis=1)
        code_level = mean / shown
    return code_level[:, None] * brand_level
