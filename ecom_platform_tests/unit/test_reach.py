"""How far each mart reads, and how days are put together into runs."""

from datetime import date, timedelta

import pytest

from ecom_platform.contracts import TABLES, marts
from ecom_platform.defs.partitions import islands
from ecom_platform.marts.reach import levels, reach

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
        ("cart_recovery", (0, 14)),
        ("kpi_anomalies", (42, 0)),
        ("product_affinity", (27, 0)),
        ("visitor_cohorts", (396, 0)),
    ],
)
def test_reach_is_the_days_before_and_after(mart: str, expected: tuple[int, int]) -> None:
    assert reach(TABLES["marts", mart]) == expected


def test_levels_hold_every_mart_once_behind_all_that_it_reads() -> None:
    built: set[tuple[str, str]] = set()
    for together in levels(marts.TABLES):
        for mart in together:
            assert {read.key for read in mart.inputs if read.layer == "marts"} <= built
        built |= {mart.key for mart in together}
    assert built == {mart.key for mart in marts.TABLES}
    assert len(levels(marts.TABLES)) == 3


def test_islands_are_runs_without_a_gap() -> None:
    days = [D, D + timedelta(days=1), D + timedelta(days=3)]

    assert islands(days) == [(days[0], days[1]), (days[2], days[2])]
    assert islands([]) == []
