"""The products of the shop: category, brand, price, and how well each sells; and how a visitor
comes upon one.

A product's number fixes its shelf (a brand in a category id) and its popularity there; its ids and
price are a pure function of the seed and that number. Who looks at what belongs to `browsing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ecom_platform.traffic.brand_names import made_up_brand
from ecom_platform.traffic.calibration import Calibration, published_calibration
from ecom_platform.traffic.randomness import (
    Floats,
    Ints,
    Keys,
    children,
    choice_table,
    field,
    mixed,
    normal_table,
    seed_key,
    unit,
)
from ecom_platform.traffic.shelves import Shelves, shelves

SHELF_BITS = 20
_TAIL_SHELVES = 10_000
_SMALLEST_SHELF = 1e-6
_PRODUCTS_EXPONENT = 0.5
_RANK_SHIFT = 6.0
_WELL_KNOWN_BRANDS, _WELL_KNOWN_PLACES = 300, 10
_GOLDEN_RATIO = 0.6180339887498949
_ID_EXPONENT, _MADE_UP_EXPONENT = 1.15, 1.5
_WITHIN_SHELF_SIGMA = 0.9
_LOWEST_PRICE = 0.77
# Scaling to the mean and cutting at the highest price disturb each other; after so many rounds both
# hold.
_SCALINGS = 8
# A product with more of the views than this always has a price: one lucky draw of a best-seller
# would else fake a large share of zeros.
_LITTLE_KNOWN = 2e-5
_FIRST_PRODUCT_ID, _PRODUCT_IDS = 1_000_000, 52_999_961
_FIRST_CATEGORY_ID = 2_053_013_552_259_662_037


@dataclass(frozen=True, kw_only=True)
class Assortment:
    """Columns by shelf and by product; shelves of one category id are neighbours, and so are
    products of one shelf.
    """

    category_of_view: Ints
    """Category number at 2**SHELF_BITS evenly spaced probabilities of a view."""
    shelf_of_view: Ints
    category_start: Floats
    category_width: Floats
    """The interval of view probability that a category number takes."""
    first_product: Ints
    products_on_shelf: Ints
    shelf_of_product: Ints
    product_id: Ints
    category_id: Ints
    category_code: tuple[str | None, ...]
    brand: tuple[str | None, ...]
    """By shelf, as `category_code` is; the two ids and `price` are by product."""
    price: Floats
    purchase_lift: Floats
    """Purchases per view over the shop's mean, by product; 0 where there is no price."""
    cart_lift: Floats

    def product_seen(self, *, category: Ints, bits: Keys) -> Ints:
        """The product a visitor comes upon in a category; `bits` are 64 random bits each, of which
        44 are used.
        """
        share = field(bits, low=20, width=20) * 2.0**-20
        at = (
            self.category_start[category] + share * self.category_width[category]
        ) * 2.0**SHELF_BITS
        return self.product_on(shelf=self.shelf_of_view[at.astype(np.int64)], bits=bits)

    def product_on(self, *, shelf: Ints, bits: Keys) -> Ints:
        """A product of the shelf by the law of Zipf and Mandelbrot: rank r weighs 1 / (r + shift)
        ** 2.

        Uses the top 24 of the bits. Plain arithmetic: an exponential differs in its last digit
        between processors.
        """
        count = self.products_on_shelf[shelf]
        place = field(bits, low=40, width=24) * 2.0**-24 * count / (count + _RANK_SHIFT)
        rank = (_RANK_SHIFT * place / (1 - place)).astype(np.int64)
        last: Ints = count - 1
        product: Ints = self.first_product[shelf] + np.minimum(rank, last)
        return product


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """A brand within one category id."""

    category: int
    code: str | None
    brand: str | None
    view_share: float
    purchase_lift: float
    cart_lift: float
    mean_price: float
    price_sigma: float


@cache
def assortment(seed: int) -> Assortment:
    """The shop of this seed; about 207,000 products."""
    calibration = published_calibration()
    racks = _racks(calibration, shelves(calibration))
    share = np.array([rack.view_share for rack in racks])
    counts = _products_by_shelf(share, total=calibration.totals.products)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    shelf = np.repeat(np.arange(len(racks)), counts)
    rank = np.arange(len(shelf)) - first[shelf]
    weights = _rank_weights(rank, counts[shelf])
    price = _prices(seed, racks, shelf=shelf, weights=weights, most=calibration.totals.max_price)
    seen = weights * share[shelf] / share.sum()
    has_price = _has_price(seed, view_share=seen, zero_share=calibration.totals.zero_price_share)
    category = np.array([rack.category for rack in racks])
    by_category = np.bincount(category, weights=share) / share.sum()
    return Assortment(
        category_of_view=choice_table(by_category, bits=SHELF_BITS),
        shelf_of_view=choice_table(share, bits=SHELF_BITS),
        category_start=np.cumsum(by_category) - by_category,
        category_width=by_category * (1 - 2.0**-20),
        first_product=first,
        products_on_shelf=counts,
        shelf_of_product=shelf,
        product_id=_product_ids(seed, len(shelf)),
        category_id=_category_ids(len(by_category))[category[shelf]],
        category_code=tuple(rack.code for rack in racks),
        brand=tuple(rack.brand for rack in racks),
        price=price * has_price,
        purchase_lift=np.array([rack.purchase_lift for rack in racks])[shelf] * has_price,
        cart_lift=np.array([rack.cart_lift for rack in racks])[shelf] * has_price,
    )


def _racks(calibration: Calibration, tables: Shelves) -> list[_Shelf]:
    """Splits every code over its category ids, and `all further brands` over made-up ones."""
    racks: list[_Shelf] = []
    names = _MadeUpBrands(calibration)
    root = _root_shares(calibration, tables)
    category = 0
    for row, code in enumerate(calibration.categories):
        for id_share in _zipf(code.ids, exponent=_ID_EXPONENT):
            for column, brand in enumerate(calibration.brands):
                rack = _Shelf(
                    category=category,
                    code=code.code,
                    brand=brand.brand,
                    view_share=float(tables.view_share[row, column] * id_share),
                    purchase_lift=float(tables.purchase_lift[row, column]),
                    cart_lift=float(tables.cart_lift[row, column]),
                    mean_price=float(tables.mean_price[row, column]),
                    price_sigma=code.price_sigma,
                )
                if rack.view_share >= _SMALLEST_SHELF:
                    racks += names.split(rack, root) if brand.brand == "*" else [rack]
            category += 1
    return racks


class _MadeUpBrands:
    """Hands out made-up brands: well-known ones to the first places of a category, all others in
    turn.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._count = calibration.totals.brands - sum(
            b.brand not in (None, "*") for b in calibration.brands
        )
        self._well_known = self._others = 0

    def split(self, rack: _Shelf, root: float) -> list[_Shelf]:
        """One shelf of further brands as shelves of made-up ones; large shelves have more."""
        count = max(1, round(_TAIL_SHELVES * rack.view_share**0.5 / root))
        shares = _zipf(count, exponent=_MADE_UP_EXPONENT)
        return [
            replace(rack, brand=self._name(place), view_share=rack.view_share * float(share))
            for place, share in enumerate(shares)
        ]

    def _name(self, place: int) -> str:
        if place < _WELL_KNOWN_PLACES:
            self._well_known += 1
            return made_up_brand(self._well_known % _WELL_KNOWN_BRANDS)
        self._others += 1
        return made_up_brand(_WELL_KNOWN_BRANDS + self._others % (self._count - _WELL_KNOWN_BRANDS))


def _root_shares(calibration: Calibration, tables: Shelves) -> float:
    column = [b.brand for b in calibration.brands].index("*")
    shares = tables.view_share[:, column]
    return sum(
        float(((share * _zipf(code.ids, exponent=_ID_EXPONENT)) ** 0.5).sum())
        for share, code in zip(shares, calibration.categories, strict=True)
    )


def _zipf(count: int, *, exponent: float) -> Floats:
    """Shares of `count` things by rank; flat at the top, so that no made-up brand outgrows the
    named ones.
    """
    weights = (np.arange(count) + 2.0) ** -exponent
    shares: Floats = weights / weights.sum()
    return shares


def _products_by_shelf(share: Floats, *, total: int) -> Ints:
    """Larger shelves hold more products, but fewer for each view."""
    weight = share**_PRODUCTS_EXPONENT
    counts: Ints = np.maximum(1, np.round(weight / weight.sum() * total)).astype(np.int64)
    counts[counts.argmax()] += total - counts.sum()
    return counts


def _rank_weights(rank: Ints, count: Ints) -> Floats:
    """How often `Assortment.product_on` takes each rank of a shelf of `count` products."""
    below, above = rank / (rank + _RANK_SHIFT), (rank + 1) / (rank + 1 + _RANK_SHIFT)
    weights: Floats = (above - below) * (count + _RANK_SHIFT) / count
    return weights


def _prices(
    seed: int, racks: Sequence[_Shelf], *, shelf: Ints, weights: Floats, most: float
) -> Floats:
    """Lognormal by shelf, scaled so that what visitors see has the shelf's mean price.

    Without the scaling a few best-sellers would move the mean of a whole category from seed to
    seed.
    """
    place = unit(children(seed_key(seed, "price"), np.arange(len(shelf))))
    sigma = np.array([rack.price_sigma for rack in racks])[shelf] * _WITHIN_SHELF_SIGMA
    price = np.exp(sigma * normal_table()[(place * 4096).astype(np.int64)])
    mean = np.array([rack.mean_price for rack in racks]) * np.bincount(shelf, weights=weights)
    for _ in range(_SCALINGS):
        price = np.minimum(
            price * (mean / np.bincount(shelf, weights=weights * price))[shelf], most
        )
    return np.maximum(np.round(price, 2), _LOWEST_PRICE)


def _has_price(seed: int, *, view_share: Floats, zero_share: float) -> NDArray[np.bool_]:
    """Little-known products without a price, so many that they take `zero_share` of all views."""
    is_little_known = view_share < _LITTLE_KNOWN
    chance = unit(children(seed_key(seed, "unpriced"), np.arange(len(view_share))))
    is_priced: NDArray[np.bool_] = chance >= zero_share / view_share[is_little_known].sum()
    return is_priced | ~is_little_known


def _product_ids(seed: int, count: int) -> Ints:
    """Seven or eight digits, all different: multiplication modulo a prime is a bijection."""
    shift = int(seed_key(seed, "product_id")[0] % np.uint64(_PRODUCT_IDS))
    return (
        _FIRST_PRODUCT_ID + (np.arange(count, dtype=np.int64) * 22_695_477 + shift) % _PRODUCT_IDS
    )


def _category_ids(count: int) -> Ints:
    """Nineteen digits, all different, the same for every seed: a category is not a matter of
    chance.
    """
    steps = (mixed(np.arange(1, count + 1, dtype=np.uint64)) % np.uint64(10**9)).astype(np.int64)
    return _FIRST_CATEGORY_ID + np.arange(count, dtype=np.int64) * 10**9 + steps
