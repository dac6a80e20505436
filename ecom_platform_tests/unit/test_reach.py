"""How far each mart reads, and how days are put together into runs."""

from datetime import date, timedelta

import pytest

from ecom_platform.contracts import TABLES
from ecom_platform.defs.partitions import islands
from ecom_platform.marts.reach import reach

D = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("mart", "expected"),
    [
        ("daily_visitors", (0, 0)),
        ("daily_funnel", (0, 0)),
        ("hourly_category_activity", (0, 0)),
        ("daily_brand_category_activity", (0, 0)),
        ("abandoned_carts", (0, 1)),
        ("daily_cart_abandonment", (0, 1)),
        ("weekday_category_ranking", (27, 0)),
        ("brand_marketing_needs", (27, 0)),
    ],
)
def test_reach_is_the_days_before_and_after(mart: str, expected: tuple[int, int]) -> None:
    assert reach(TABLES["marts", mart]) == expected


def test_islands_are_runs_without_a_gap() -> None:
    days = [D, D + timedelta(days=1), D + timedelta(days=3)]

    assert islands(days) == [(days[0], days[1]), (days[2], days[2])]
    assert islands([]) == []
