"""Whom the stream's rules name on one side only, of a day that is the stream's alone."""

from datetime import date

import duckdb
import pytest

from ecom_platform.detection.archived import Disagreement, disagreements
from ecom_platform.detection.detections import DETECTIONS

DAY = date(2026, 1, 5)
CROSSING = """
insert into {table} values
  ('{rule}', 2, '{entity_type}', '{user}', 'high', timestamp '{at}', 10, 31, 30, map {{}})
"""


@pytest.fixture
def lake() -> duckdb.DuckDBPyConnection:
    """A day that the stream brought; its last event at noon."""
    connection = duckdb.connect()
    connection.execute("create schema lake")
    connection.execute(f"""
        create table lake.events as
        select 'stream' as source, date '{DAY}' as event_date,
            timestamp '2026-01-05 12:00:00' as event_time
    """)
    connection.execute("create temp table day_events as from lake.events")
    connection.execute(DETECTIONS)
    connection.execute("create temp table archived as from detections limit 0")
    return connection


def cross(
    lake: duckdb.DuckDBPyConnection,
    table: str,
    user: str,
    at: str = "10:00:00",
    rule: str = "user_flood",
    entity_type: str = "user",
) -> None:
    moment = f"2026-01-05 {at}"
    lake.execute(
        CROSSING.format(table=table, rule=rule, entity_type=entity_type, user=user, at=moment)
    )


def test_users_that_both_name_agree_however_often(lake: duckdb.DuckDBPyConnection) -> None:
    cross(lake, "archived", "1", "10:00:00")
    cross(lake, "archived", "1", "10:05:00")
    cross(lake, "detections", "1", "10:00:01")
    assert disagreements(lake, DAY, "UTC") == []


def test_user_of_one_side_is_told_with_the_rule_and_the_side(
    lake: duckdb.DuckDBPyConnection,
) -> None:
    cross(lake, "archived", "1")
    cross(lake, "detections", "2")
    cross(lake, "detections", "1", rule="checkout_burst")
    assert disagreements(lake, DAY, "UTC") == [
        Disagreement("checkout_burst", "1", "lake"),
        Disagreement("user_flood", "1", "stream"),
        Disagreement("user_flood", "2", "lake"),
    ]


@pytest.mark.parametrize(
    ("table", "at", "is_told"),
    [
        # The window of ten seconds begins on the day before.
        ("archived", "00:00:09", False),
        ("archived", "00:00:10", True),
        # The event may not be in the lake yet.
        ("archived", "12:00:00", True),
        ("archived", "12:00:01", False),
        # The finding may not be archived yet.
        ("detections", "11:54:59", True),
        ("detections", "11:55:00", False),
    ],
)
def test_edges_of_the_day_are_left_out(
    lake: duckdb.DuckDBPyConnection, table: str, at: str, *, is_told: bool
) -> None:
    cross(lake, table, "1", at)
    assert bool(disagreements(lake, DAY, "UTC")) == is_told


def test_rules_of_the_lake_and_the_site_are_not_compared(lake: duckdb.DuckDBPyConnection) -> None:
    cross(lake, "detections", "1", rule="tireless_visitor")
    cross(lake, "detections", "all", rule="site_flood", entity_type="site")
    cross(lake, "archived", "all", "11:00:00", rule="site_flood", entity_type="site")
    assert disagreements(lake, DAY, "UTC") == []


def test_day_with_exported_rows_is_not_compared(lake: duckdb.DuckDBPyConnection) -> None:
    cross(lake, "archived", "1")
    assert disagreements(lake, DAY, "UTC")
    lake.execute("insert into lake.events select 'export', event_date, event_time from lake.events")
    assert disagreements(lake, DAY, "UTC") is None
    assert disagreements(lake, date(2026, 1, 6), "UTC") is None
