"""Odd days of watched figures: on published ones, on clean months, and at every bound."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ecom_platform.contracts import marts
from ecom_platform.marts.anomalies import HISTORY_DAYS, LEAST_DAYS, band_of, fill_bands
from ecom_platform.tables.parquet import arrow_schema
from ecom_platform.traffic import sessions
from ecom_platform.traffic.calibration import Calibration, published_calibration
from ecom_platform_tests.marts.seeded import plausible_shop
from ecom_platform_tests.support.places import REAL_SLICE

FIRST = date(2026, 1, 5)
PUBLISHED = REAL_SLICE.parent / "published/daily_oct_nov_2019.csv"
WEEK = [100.0, 90, 95, 105, 120, 140, 110]


def series(
    kpi: str, values: Sequence[float | None], things: Sequence[int], first: date = FIRST
) -> pa.Table:
    """Rows of one figure, a day after the other."""
    rows = [
        {
            "kpi": kpi,
            "value": value,
            "thing_count": thing,
            "days_with_data": 0,
            "is_partial": False,
            "event_date": first + timedelta(days=place),
        }
        for place, (value, thing) in enumerate(zip(values, things, strict=True))
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(marts.KPI_ANOMALIES.all_columns))


def odd_days(table: pa.Table) -> list[date]:
    days = table["event_date"].to_pylist()
    found = fill_bands(table, sorted(set(days))[LEAST_DAYS:])
    return [row["event_date"] for row in found.to_pylist() if row["is_unusual"]]


def weeks(count: int, **changed: float | None) -> list[float | None]:
    """Weeks that are alike, but for `d<place>=value`."""
    values: list[float | None] = [1000 * value for value in WEEK * count]
    for name, value in changed.items():
        values[int(name[1:])] = value
    return values


def judged_last(values: Sequence[float | None]) -> dict[str, Any]:
    """What is said of the last of some values, each of many things."""
    table = series("visitors", values, [10**6] * len(values))
    last = FIRST + timedelta(days=len(values) - 1)
    (row,) = fill_bands(table, [last]).to_pylist()
    return dict(row)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published figures are not at hand")
def test_published_sale_is_found_in_purchases_and_hardly_another_day_of_its_month() -> None:
    rows = list(csv.DictReader(PUBLISHED.read_text().splitlines()))
    counts = [int(row["purchases"]) for row in rows]
    first = date.fromisoformat(rows[0]["date"])
    found = odd_days(series("purchases", [float(n) for n in counts], counts, first))
    november = [day for day in found if day.month == 11]
    sale = {date(2019, 11, day) for day in (15, 16, 17)}
    assert sale <= set(november)
    assert len(november) - len(sale) <= 3


@pytest.fixture(scope="module")
def clean_figures(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Ten weeks of the generator's people in a shop that tracks its carts evenly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "published_calibration", _even_calibration)
        patch.setattr("ecom_platform_tests.marts.seeded.EVENTS_PER_DAY", 20_000)
        shop = plausible_shop(tmp_path_factory.mktemp("clean"))
    shop.connection.execute("""
        update marts.daily_visitors set is_partial = false;
        delete from marts.daily_visitors where audience = 'people';
        insert into marts.daily_visitors
            select * replace ('people' as audience) from marts.daily_visitors
    """)
    found = shop.connection.execute(shop.query(marts.KPI_ANOMALIES)).to_arrow_table()
    return found.cast(arrow_schema(marts.KPI_ANOMALIES.all_columns))


def _even_calibration() -> Calibration:
    known = published_calibration()
    days = sum(days for days, _ in known.cart_regimes)
    mean = sum(days * carts for days, carts in known.cart_regimes) / days
    return replace(known, cart_regimes=((1, mean),))


def test_clean_month_has_at_most_one_odd_day_over_all_figures(clean_figures: pa.Table) -> None:
    found = odd_days(clean_figures)
    last = FIRST + timedelta(days=69)
    assert sum(day > last - timedelta(days=30) for day in found) <= 1
    judged = fill_bands(clean_figures, [last])
    assert sorted(judged["kpi"].to_pylist()) == sorted(marts.KPIS)
    assert judged["is_unusual"].null_count == 0


@pytest.mark.parametrize("kpi", ["visitors", "purchases"])
@pytest.mark.parametrize("day", [LEAST_DAYS, 40, 55, 69])
def test_planted_loss_of_forty_percent_is_found(
    clean_figures: pa.Table, kpi: str, day: int
) -> None:
    rows = [row for row in clean_figures.to_pylist() if row["kpi"] == kpi]
    planted = FIRST + timedelta(days=day)
    for row in rows:
        row["value"] *= 0.6 if row["event_date"] == planted else 1
    assert planted in odd_days(pa.Table.from_pylist(rows, schema=clean_figures.schema))


@pytest.mark.parametrize(("days", "is_judged"), [(LEAST_DAYS - 1, False), (LEAST_DAYS, True)])
def test_nothing_is_said_before_four_weeks_of_data(days: int, *, is_judged: bool) -> None:
    row = judged_last(weeks(7)[: days + 1])
    assert row["days_with_data"] == days
    assert (row["is_unusual"] is False) == is_judged
    assert (row["expected_value"] is None) != is_judged


def test_six_weeks_are_compared_and_no_more() -> None:
    row = judged_last([0.0] * 7 + weeks(6) + [100_000.0])
    assert row["days_with_data"] == HISTORY_DAYS
    assert row["is_unusual"] is False


def test_weekday_is_expected_to_be_as_it_was() -> None:
    for place, value in enumerate(WEEK):
        row = judged_last(weeks(6) + [1000.0 * one for one in WEEK[: place + 1]])
        assert row["expected_value"] == pytest.approx(1000 * value, rel=0.02)


@pytest.mark.parametrize(
    ("share", "is_unusual"),
    [(np.exp(-0.29), False), (np.exp(-0.31), True), (np.exp(0.29), False), (np.exp(0.31), True)],
)
def test_five_spreads_of_six_percent_are_usual_even_in_an_even_shop(
    share: float, *, is_unusual: bool
) -> None:
    assert judged_last([*weeks(6), 100_000 * share])["is_unusual"] is is_unusual


@pytest.mark.parametrize(("share", "is_unusual"), [(0.62, False), (0.60, True)])
def test_few_things_may_stray_further(share: float, *, is_unusual: bool) -> None:
    table = series("visitors", [*weeks(6), 100_000 * share], [104] * 43)
    assert bool(odd_days(table)) is is_unusual


@pytest.mark.parametrize(
    ("kpi", "factor"), [("visitors", 1.0), ("carts", 1.4), ("revenue", 1.6), ("conversion", 1.0)]
)
def test_carts_and_money_stray_further_than_people(kpi: str, factor: float) -> None:
    last = FIRST + timedelta(days=42)
    (row,) = fill_bands(series(kpi, [*weeks(6), 1.0], [25] * 43), [last]).to_pylist()
    spread = np.log(row["upper_value"] / row["expected_value"]) / 5
    assert spread == pytest.approx(factor / 5)


def test_odd_day_before_moves_no_expectation() -> None:
    usual, odd = judged_last(weeks(6)), judged_last(weeks(6, d39=700_000.0, d33=0.0))
    assert odd["expected_value"] == pytest.approx(usual["expected_value"], rel=0.03)


def test_partial_day_is_neither_judged_nor_compared_with() -> None:
    rows = series("visitors", [*weeks(6), 5.0], [10**6] * 43).to_pylist()
    rows[-1]["is_partial"] = rows[20]["is_partial"] = True
    rows[20]["value"] = 5.0
    rows[21]["value"] = None
    table = pa.Table.from_pylist(rows, schema=arrow_schema(marts.KPI_ANOMALIES.all_columns))
    days = [FIRST + timedelta(days=41), FIRST + timedelta(days=42)]
    whole, partial = fill_bands(table, days).to_pylist()
    assert (whole["days_with_data"], whole["is_unusual"]) == (39, False)
    assert (partial["value"], partial["is_unusual"], partial["lower_value"]) == (5.0, None, None)


def test_figure_that_was_never_anything_is_expected_to_stay_nothing() -> None:
    assert judged_last([0.0] * 42 + [0.0])["is_unusual"] is False
    assert judged_last([0.0] * 42 + [3.0])["is_unusual"] is True
    assert band_of([0.0] * 42, 0.1).upper == 0
