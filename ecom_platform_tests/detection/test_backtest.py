"""A candidate threshold over past days: exactly the episodes that vanish or come, and the money."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from ecom_platform.commands import backtest as command
from ecom_platform.detection.backtest import compare
from ecom_platform.detection.rules import all_rules
from ecom_platform.pipeline.backtest import summary

DAY = date(2026, 1, 5)
HOARDING = next(rule for rule in all_rules() if rule.name == "cart_hoarding")


@pytest.fixture
def lake() -> duckdb.DuckDBPyConnection:
    """Users 1 to 4 cart 10, 26, 30 and 60 products in ten minutes; user 3 then buys one."""
    connection = duckdb.connect()
    connection.execute("create schema lake")
    connection.execute("""
        create table lake.events as
        select
            timestamp '2026-01-05 10:00:00' + to_seconds(10 * number) as event_time,
            'cart' as event_type,
            number as product_id, 1::bigint as category_id, 5.00::decimal(14, 2) as price,
            user_id, 's' as user_session, null::varchar as event_id, null::timestamp as arrived_at,
            date '2026-01-05' as event_date
        from (values (1::bigint, 10), (2, 26), (3, 30), (4, 60)) as users(user_id, count),
            range(60) as numbers(number)
        where number < count
        union all
        select timestamp '2026-01-05 11:00:00', 'purchase', 1, 1, 7.50, 3, 's', null, null,
            date '2026-01-05'
    """)
    return connection


def test_raised_threshold_loses_exactly_the_episodes_below_it(
    lake: duckdb.DuckDBPyConnection,
) -> None:
    found = compare(lake, DAY, HOARDING, HOARDING.with_properties(threshold="30"))

    assert [(one.fate, one.entity_id) for one in found] == [
        ("kept", "4"),
        ("lost", "2"),
        ("lost", "3"),
    ]
    told = summary(found)
    assert told["lost"] == {"episodes": 2, "users": 2, "revenue": str(Decimal("7.50"))}
    assert told["gained"] == {"episodes": 0, "users": 0, "revenue": "0"}


def test_lowered_threshold_gains_what_it_reaches(lake: duckdb.DuckDBPyConnection) -> None:
    found = compare(lake, DAY, HOARDING, HOARDING.with_properties(threshold="9"))

    assert [(one.fate, one.entity_id) for one in found] == [
        ("gained", "1"),
        ("kept", "2"),
        ("kept", "3"),
        ("kept", "4"),
    ]


def test_unknown_property_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SystemExit, match=r"has no treshold; its properties: .*threshold=24"):
        command.main(["cart_hoarding", "treshold=3"])


def test_unknown_rule_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SystemExit, match=r"no rule hoarding; there are .*cart_hoarding"):
        command.main(["hoarding", "threshold=3"])
