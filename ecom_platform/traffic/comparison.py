"""Event files held against the published figures: figure, published, generated, ratio, within
tolerance or not.

The measuring is SQL beside this file; where a published figure comes from belongs to `calibration`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import duckdb

from ecom_platform.traffic.calibration import Calibration, Slice, published_calibration
from ecom_platform.traffic.published_tables import calibration_from_tables

Row = Mapping[str, float]
Key = str | int | None
Shares = Mapping[Key, float]
# The number of visitors grows with the days looked at as days**0.78: 14.6 daily visitors' worth in
# the 31 days of October.
_VISITOR_GROWTH = 0.78
_WHOLE_CYCLE_DAYS = 28


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the comparison; `low` and `high` bound what counts as close enough."""

    name: str
    published: float
    generated: float
    low: float
    high: float

    @property
    def is_within(self) -> bool:
        """Whether the generated figure lies in the bounds, both included."""
        return self.low <= self.generated <= self.high

    @property
    def ratio(self) -> float | None:
        """Generated over published, or nothing where the published figure is 0."""
        return self.generated / self.published if self.published else None


def compared(folder: Path, *, published: Path | None = None) -> list[Figure]:
    """Measures the event files of a folder, second deliveries left out.

    Raises FileNotFoundError if the folder holds none.
    """
    calibration = published_calibration()
    if published is not None:
        calibration = calibration_from_tables(published, base=calibration)
    connection = duckdb.connect()
    connection.execute(_sql("read_events"), {"files": event_files(folder)})
    row = _row(connection, "figures")
    return [*_scalars(row, calibration), *_distributions(connection, calibration)]


def event_files(folder: Path) -> list[str]:
    """Paths of the event files of a folder, without those that came twice."""
    found = sorted(str(p) for p in folder.glob("events_*.csv*") if "redelivered" not in p.name)
    if not found:
        raise FileNotFoundError(
            f"no events_*.csv or events_*.csv.gz in {folder}: run generate first"
        )
    return [path for path in found if path.endswith((".csv", ".csv.gz"))]


def printed(figures: Sequence[Figure]) -> str:
    """The comparison as a table of text."""
    lines = [
        f"{'figure':<44}{'published':>12}{'generated':>12}{'ratio':>8}  {'tolerance':<22}within"
    ]
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3f}"
        bounds = f"{figure.low:.5g} to {figure.high:.5g}"
        verdict = "yes" if figure.is_within else "NO"
        lines.append(
            f"{figure.name:<44}{figure.published:>12.5g}{figure.generated:>12.5g}{ratio:>8}"
            f"  {bounds:<22}{verdict}"
        )
    return "\n".join(lines)


def _near(name: str, published: float, generated: float, *, tolerance: float) -> Figure:
    return Figure(
        name=name,
        published=published,
        generated=generated,
        low=published * (1 - tolerance),
        high=published * (1 + tolerance),
    )


def _scalars(row: Row, calibration: Calibration) -> list[Figure]:
    whole = calibration.totals
    tolerances = {
        "events_per_session": 0.06,
        "sessions_per_user_day": 0.05,
        "carts_per_view": 0.1,
        "purchases_per_view": 0.1,
        "cart_session_share": 0.1,
        "buying_session_share": 0.1,
        "cart_sessions_unbought_share": 0.04,
        "buying_sessions_without_cart_share": 0.1,
        "carts_per_cart_session": 0.06,
        "purchases_per_buying_session": 0.06,
        "null_category_code_share": 0.04,
        "null_brand_share": 0.06,
        "zero_price_share": 0.25,
        "max_price": 0.0,
    }
    figures = [_near(k, getattr(whole, k), row[k], tolerance=t) for k, t in tolerances.items()]
    return [*figures, *_session_figures(row, calibration.slice), *_head_figures(row), *_period(row)]


def _session_figures(row: Row, known: Slice) -> list[Figure]:
    gaps = dict(known.gap_seconds_quantiles)
    single, same = "single_event_session_share", "same_product_as_before (slice)"
    return [
        _near(single, known.single_event_session_share, row[single], tolerance=0.05),
        _near("events_per_session_p50", 2, row["events_per_session_p50"], tolerance=0.0),
        # The slice cuts sessions at both ends, so its tail is a lower bound.
        Figure(
            name="events_per_session_p99 (slice)",
            published=21,
            generated=row["events_per_session_p99"],
            low=21,
            high=40,
        ),
        _near("gap_seconds_p05 (slice)", gaps[0.05], row["gap_p05"], tolerance=0.1),
        _near("gap_seconds_p50 (slice)", gaps[0.5], row["gap_p50"], tolerance=0.1),
        _near("gap_seconds_p90 (slice)", gaps[0.9], row["gap_p90"], tolerance=0.1),
        _near("gap_seconds_p99 (slice)", gaps[0.99], row["gap_p99"], tolerance=0.1),
        _near("days_per_session", 1.004, row["days_per_session"], tolerance=0.002),
        _near(same, 0.338, row["same_product_share"], tolerance=0.15),
        Figure(
            name="events of a user in 10 s, p99.9 (slice)",
            published=3,
            generated=row["events_in_10_seconds_p999"],
            low=2,
            high=4,
        ),
    ]


def _head_figures(row: Row) -> list[Figure]:
    """Variety and prices as the slice's 17,434 rows show them; a larger sample would show more."""
    return [
        _near("zero_prices_beyond_views", 0, row["zero_prices_beyond_views"], tolerance=0.0),
        _near("median_price (slice)", 154.42, row["median_price"], tolerance=0.15),
        _near("products in 17,434 rows (slice)", 6493, row["head_products"], tolerance=0.3),
        _near("category ids in 17,434 rows (slice)", 434, row["head_category_ids"], tolerance=0.2),
        _near("brands in 17,434 rows (slice)", 864, row["head_brands"], tolerance=0.3),
    ]


def _period(row: Row) -> list[Figure]:
    """Figures that only make sense over a whole cycle of cart regimes."""
    if row["day_count"] < _WHOLE_CYCLE_DAYS:
        return []
    growth = row["day_count"] ** _VISITOR_GROWTH
    return [
        _near("users_per_daily_user", growth, row["users_per_daily_user"], tolerance=0.1),
        _near("carts_per_view_lowest_day", 0.011, row["carts_per_view_lowest_day"], tolerance=0.25),
        _near(
            "carts_per_view_highest_day", 0.084, row["carts_per_view_highest_day"], tolerance=0.2
        ),
    ]


def _distributions(connection: duckdb.DuckDBPyConnection, calibration: Calibration) -> list[Figure]:
    hours = _columns(connection, "shares_by_hour")["event_count"]
    weekdays = _columns(connection, "shares_by_weekday")["event_count"]
    by_hour: Shares = dict(enumerate(hour.event_share for hour in calibration.hours))
    by_weekday: Shares = dict(enumerate(calibration.weekdays))
    figures = [
        _distance("events moved between hours", by_hour, hours, limit=0.04),
        *_category_figures(_columns(connection, "shares_by_category"), calibration),
        *_brand_figures(_columns(connection, "shares_by_brand"), calibration),
    ]
    if weekdays.keys() == by_weekday.keys():
        figures.append(_distance("events moved between weekdays", by_weekday, weekdays, limit=0.03))
    return figures


def _category_figures(found: Mapping[str, Shares], calibration: Calibration) -> list[Figure]:
    views: Shares = {c.code: c.view_share for c in calibration.categories}
    bought: Shares = {c.code: c.view_share * c.purchases_per_view for c in calibration.categories}
    phone = "electronics.smartphone"
    price = next(c.mean_price for c in calibration.categories if c.code == phone)
    return [
        _distance("views moved between categories", views, found["view_count"], limit=0.03),
        _distance(
            "purchases moved between categories", bought, found["purchase_count"], limit=0.06
        ),
        _near("mean price of a smartphone", price, found["mean_price"][phone], tolerance=0.05),
    ]


def _brand_figures(found: Mapping[str, Shares], calibration: Calibration) -> list[Figure]:
    named = [b for b in calibration.brands if b.brand != "*"]
    views: Shares = {b.brand: b.view_share for b in named}
    bought: Shares = {b.brand: b.view_share * b.purchases_per_view for b in named}
    return [
        _distance("views moved between top brands", views, found["view_count"], limit=0.03),
        _distance(
            "purchases moved between top brands", bought, found["purchase_count"], limit=0.06
        ),
    ]


def _distance(name: str, published: Shares, generated: Shares, *, limit: float) -> Figure:
    """Total variation distance over the keys that are published, each side normalised to 1."""
    whole, other = sum(published.values()), sum(generated.get(key, 0.0) for key in published)
    moved = (
        sum(
            abs(share / whole - generated.get(key, 0.0) / other) for key, share in published.items()
        )
        / 2
    )
    return Figure(name=name, published=0.0, generated=moved, low=0.0, high=limit)


def _sql(name: str) -> str:
    return files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")


def _row(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, float]:
    result = connection.execute(_sql(name))
    names = [column[0] for column in result.description or ()]
    values = result.fetchone()
    if values is None:
        raise ValueError(f"{name}.sql returned no row: it must return one")
    return {
        key: float("nan") if value is None else float(value)
        for key, value in zip(names, values, strict=True)
    }


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, dict[Key, float]]:
    """The result by column, each a mapping of `key` to number."""
    table = connection.execute(_sql(name)).to_arrow_table().to_pydict()
    keys = table.pop("key")
    return {
        column: dict(zip(keys, map(_number, values), strict=True))
        for column, values in table.items()
    }


def _number(value: float | None) -> float:
    return 0.0 if value is None else float(value)
