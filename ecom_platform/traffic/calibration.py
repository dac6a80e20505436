"""The published figures the generator is calibrated on, read from `calibration.json` beside this
file.

Only shares, rates and quantiles; the source is named in the file. What is made of them belongs to
the readers.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Category:
    """A category code (`None`: products without one) and its share of all views."""

    code: str | None
    ids: int
    """How many category ids share this code."""
    view_share: float
    carts_per_view: float
    purchases_per_view: float
    mean_price: float
    price_sigma: float
    """Standard deviation of the logarithm of the price."""


@dataclass(frozen=True, kw_only=True)
class Brand:
    """A brand, all further brands together (`*`) or the products without one (`None`)."""

    brand: str | None
    view_share: float
    carts_per_view: float
    purchases_per_view: float
    mean_price: float | None


@dataclass(frozen=True, kw_only=True)
class Hour:
    """One UTC hour of the day."""

    event_share: float
    carts_per_view: float
    purchases_per_view: float


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Figures of the whole; shares go from 0 to 1, prices are in the shop's currency."""

    events_per_day: float
    users_per_day: float
    sessions_per_day: float
    sessions_per_user_day: float
    events_per_session: float
    carts_per_view: float
    purchases_per_view: float
    purchases_per_buying_session: float
    carts_per_cart_session: float
    buying_session_share: float
    cart_session_share: float
    cart_sessions_unbought_share: float
    buying_sessions_without_cart_share: float
    products: int
    brands: int
    category_codes: int
    category_ids: int
    null_category_code_share: float
    null_brand_share: float
    zero_price_share: float
    max_price: float


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What only rows can tell, measured on the first 17,434 of October 2019; quantiles are
    (probability, value).
    """

    events_per_session_quantiles: tuple[tuple[float, float], ...]
    gap_seconds_quantiles: tuple[tuple[float, float], ...]
    single_event_session_share: float
    same_product_share: float
    same_category_share: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """All of `calibration.json`."""

    source: dict[str, str]
    totals: Totals
    hours: tuple[Hour, ...]
    weekdays: tuple[float, ...]
    """Events of a weekday over the mean of the week around it, Monday first."""
    categories: tuple[Category, ...]
    brands: tuple[Brand, ...]
    brand_sightings: tuple[tuple[str | None, str | None, int], ...]
    """How often a brand was seen in a category in the slice."""
    slice: Slice
    cart_regimes: tuple[tuple[int, float], ...]
    """Runs of (days, carts per 100 views) that repeat: how well the shop records carts changes
    every few days.
    """


@cache
def published_calibration() -> Calibration:
    """The calibration that ships with the package."""
    raw: dict[str, Any] = json.loads(
        files(__package__).joinpath("calibration.json").read_text("utf-8")
    )
    rows: dict[str, Any] = {
        key: tuple(map(tuple, value)) if isinstance(value, list) else value
        for key, value in raw["slice"].items()
    }
    return Calibration(
        source=raw["source"],
        totals=Totals(**raw["totals"]),
        hours=tuple(Hour(**hour) for hour in raw["hours"]),
        weekdays=tuple(raw["weekdays"]),
        categories=tuple(Category(**category) for category in raw["categories"]),
        brands=tuple(Brand(**brand) for brand in raw["brands"]),
        brand_sightings=tuple(map(tuple, raw["brand_sightings"])),
        slice=Slice(**rows),
        cart_regimes=tuple(map(tuple, raw["cart_regimes"])),
    )
