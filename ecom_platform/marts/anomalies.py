"""What a figure is expected to be, from the six weeks before it, and how far it may stray.

The logarithm of a figure is taken apart by STL (Cleveland et al. 1990, "STL: A seasonal-trend
decomposition procedure based on loess"), robustly, so that single odd days do not move what is
expected: the last trend, and the last day of the same weekday. What does not belong here: which
figures there are (`marts/sql/kpi_anomalies.sql`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from ecom_platform.contracts.marts import ANOMALY_DAYS

HISTORY_DAYS = ANOMALY_DAYS
LEAST_DAYS = 28
"""Before so many days with data nothing is said."""
PERIOD = 7
SEASONAL = 13
"""Window of the weekdays' loess, longer than six weeks: each keeps about one level, with no slope
that a single day could bend.
"""
LEAST_SPREAD = 0.06
"""The figures of a real shop stray by some 6 % from day to day."""
SPREADS = 5.0
"""So many spreads from what was expected is unusual: at least a quarter below, a third above."""
CHANCE = {"carts": 1.4, "revenue": 1.6}
"""How much more than single things a figure strays by chance: products come into carts together,
and prices differ by more than their mean.
"""
MAD_TO_SIGMA = 1.4826
LEAST_SHARE = 0.05
"""A day that lost nearly all counts as a twentieth of the median: zero has no logarithm."""


@dataclass(frozen=True)
class Band:
    """What a figure is expected to be, and between which bounds it is usual."""

    expected: float
    lower: float
    upper: float


def fill_bands(rows: pa.Table, days: Collection[date]) -> pa.Table:
    """The rows of some days with what was to be expected of them, from the rows of days before.

    A partial day is neither judged nor compared with.
    """
    table = sorted(rows.to_pylist(), key=lambda row: (row["kpi"], row["event_date"]))
    filled = []
    for _, found in groupby(table, key=lambda row: row["kpi"]):
        series = {row["event_date"]: row for row in found}
        filled += [_filled(series, day) for day in sorted(days) if day in series]
    return pa.Table.from_pylist(filled, schema=rows.schema)


def _filled(series: dict[date, dict[str, Any]], day: date) -> dict[str, Any]:
    row = series[day]
    before = [series.get(day - timedelta(days=n)) for n in range(HISTORY_DAYS, 0, -1)]
    usable = [one if one and _is_usable(one) else None for one in before]
    count = sum(one is not None for one in usable)
    if count < LEAST_DAYS or not _is_usable(row):
        return {**row, "days_with_data": count}
    values = [one["value"] if one else None for one in usable]
    things = float(np.median([one["thing_count"] for one in usable if one]))
    band = band_of(values, CHANCE.get(row["kpi"], 1.0) / np.sqrt(max(things, 1.0)))
    is_unusual = not band.lower <= row["value"] <= band.upper
    return {
        **row,
        "expected_value": band.expected,
        "lower_value": band.lower,
        "upper_value": band.upper,
        "days_with_data": count,
        "is_unusual": is_unusual,
    }


def _is_usable(row: dict[str, Any]) -> bool:
    return row["value"] is not None and not row["is_partial"]


def band_of(values: Sequence[float | None], chance: float) -> Band:
    """What the day behind a series is expected to be.

    Args:
        values: one a day, the oldest first; None where a day has none.
        chance: how far such a value strays by chance alone, as a share of it.

    """
    # Takes a second to import, and only the run of this mart needs it.
    from statsmodels.tsa.seasonal import STL  # noqa: PLC0415

    known = np.array([value for value in values if value is not None], dtype=float)
    if not known.any():
        return Band(0.0, 0.0, 0.0)
    least = LEAST_SHARE * float(np.median(known[known > 0]))
    places = [place for place, value in enumerate(values) if value is not None]
    logs = np.interp(range(len(values)), places, np.log(np.maximum(known, least)))
    parts = STL(logs, period=PERIOD, seasonal=SEASONAL, seasonal_deg=0, robust=True).fit()
    expected = parts.trend[-1] + parts.seasonal[-PERIOD]
    strays = np.abs(parts.resid - np.median(parts.resid))
    spread = max(MAD_TO_SIGMA * float(np.median(strays)), LEAST_SPREAD, chance)
    return Band(*(float(np.exp(expected + n * spread)) for n in (0, -SPREADS, SPREADS)))
