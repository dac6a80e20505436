"""Which days a changed day touches, mart by mart."""

from datetime import date, timedelta

import pytest

from ecom_platform.contracts import TABLES
from ecom_platform.marts.touched import islands, touched_days

D = date(2026, 3, 10)
ALL = [D + timedelta(days=offset) for offset in range(-60, 61)]


@pytest.mark.parametrize(
    ("mart", "first", "last"),
    [
        ("daily_visitors", 0, 0),
        ("daily_funnel", 0, 0),
        ("hourly_category_activity", 0, 0),
        ("daily_brand_category_activity", 0, 0),
        ("abandoned_carts", -1, 0),
        ("daily_cart_abandonment", -1, 0),
        ("weekday_category_ranking", 0, 27),
        ("brand_marketing_needs", 0, 27),
    ],
)
def test_changed_day_touches_what_reads_it(mart: str, first: int, last: int) -> None:
    found = touched_days(TABLES["marts", mart], [D], ALL)

    assert found == [D + timedelta(days=offset) for offset in range(first, last + 1)]


def test_days_without_data_are_not_touched() -> None:
    days = [D, D + timedelta(days=3)]

    assert touched_days(TABLES["marts", "brand_marketing_needs"], [D], days) == days
    assert touched_days(TABLES["marts", "abandoned_carts"], [D], days) == [D]


def test_islands_are_runs_without_a_gap() -> None:
    days = [D, D + timedelta(days=1), D + timedelta(days=3)]

    assert islands(days) == [(days[0], days[1]), (days[2], days[2])]
    assert islands([]) == []
