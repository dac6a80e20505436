"""The published CSV tables themselves, for whoever has them: shares taken from them replace those
of `calibration.json`.

Expects `hourly_utc`, `daily`, `category_top66` and `brand_top40` with the ending
`_oct_nov_2019.csv`.
"""

import csv
from dataclasses import replace
from pathlib import Path

from ecom_platform.traffic.calibration import Brand, Calibration, Category, Hour

Row = dict[str, str]


def calibration_from_tables(folder: Path, *, base: Calibration) -> Calibration:
    """`base` with hours, rates, categories and brands as the tables in the folder give them."""
    daily = _read(folder, "daily")
    views = _sum(daily, "views")
    codes = {row["category_code"]: row for row in _read(folder, "category_top66")}
    names = {row["brand"]: row for row in _read(folder, "brand_top40")}
    return replace(
        base,
        totals=replace(
            base.totals,
            carts_per_view=_sum(daily, "carts") / views,
            purchases_per_view=_sum(daily, "purchases") / views,
            users_per_day=_sum(daily, "users") / len(daily),
            sessions_per_day=_sum(daily, "sessions") / len(daily),
            events_per_day=_sum(daily, "events") / len(daily),
        ),
        hours=_hours(_read(folder, "hourly_utc")),
        categories=tuple(
            _category(c, codes[c.code], views) if c.code in codes else c for c in base.categories
        ),
        brands=tuple(
            _brand(b, names[b.brand], views) if b.brand in names else b for b in base.brands
        ),
    )


def _hours(rows: list[Row]) -> tuple[Hour, ...]:
    total = _sum(rows, "events")
    ordered = sorted(rows, key=lambda row: int(row["hour"]))
    return tuple(
        Hour(
            event_share=float(row["events"]) / total,
            carts_per_view=float(row["carts"]) / float(row["views"]),
            purchases_per_view=float(row["purchases"]) / float(row["views"]),
        )
        for row in ordered
    )


def _category(category: Category, row: Row, views: float) -> Category:
    own = float(row["views"])
    return replace(
        category,
        mean_price=float(row["avg_price"]),
        view_share=own / views,
        carts_per_view=float(row["carts"]) / own,
        purchases_per_view=float(row["purchases"]) / own,
    )


def _brand(brand: Brand, row: Row, views: float) -> Brand:
    own = float(row["views"])
    return replace(
        brand,
        mean_price=float(row["avg_purchase_price"]),
        view_share=own / views,
        carts_per_view=float(row["carts"]) / own,
        purchases_per_view=float(row["purchases"]) / own,
    )


def _sum(rows: list[Row], column: str) -> float:
    return sum(float(row[column]) for row in rows)


def _read(folder: Path, name: str) -> list[Row]:
    with (folder / f"{name}_oct_nov_2019.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
