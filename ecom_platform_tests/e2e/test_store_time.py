"""Shops that count days and hours by their own clocks, from their files to the marts."""

from collections.abc import Callable
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.lake.store_time import StoreTimeZoneChangedError, end_of_day, store_date
from ecom_platform.pipeline.restaging import restage
from ecom_platform.settings import Settings
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import check_conservation, rows

ROW = "{at} UTC,view,1,1,a.b,acme,10.00,{user},s"
Cut = tuple[str, str, int, int]
"""Time of an event in UTC, and the store's day, hour and weekday of it."""

SHOPS: dict[str, tuple[str, list[Cut]]] = {
    "a quarter of an hour beside the full hour": (
        "Asia/Kathmandu",
        [
            ("2026-01-05 00:14:59", "2026-01-05", 5, 1),
            ("2026-01-05 00:15:00", "2026-01-05", 6, 1),
            ("2026-01-05 18:14:59", "2026-01-05", 23, 1),
            ("2026-01-05 18:15:00", "2026-01-06", 0, 2),
        ],
    ),
    # Clocks went from midnight back to eleven, so that the 16th had 25 hours.
    "a day of 25 hours that ends twice": (
        "America/Sao_Paulo",
        [
            ("2019-02-16 01:59:59", "2019-02-15", 23, 5),
            ("2019-02-16 02:00:00", "2019-02-16", 0, 6),
            ("2019-02-17 01:59:59", "2019-02-16", 23, 6),
            ("2019-02-17 02:00:00", "2019-02-16", 23, 6),
            ("2019-02-17 02:59:59", "2019-02-16", 23, 6),
            ("2019-02-17 03:00:00", "2019-02-17", 0, 7),
            ("2019-02-18 02:59:59", "2019-02-17", 23, 7),
        ],
    ),
    "a day of 23 hours without an hour 2": (
        "America/New_York",
        [
            ("2025-03-09 04:59:59", "2025-03-08", 23, 6),
            ("2025-03-09 05:00:00", "2025-03-09", 0, 7),
            ("2025-03-09 06:59:59", "2025-03-09", 1, 7),
            ("2025-03-09 07:00:00", "2025-03-09", 3, 7),
            ("2025-03-10 03:59:59", "2025-03-09", 23, 7),
            ("2025-03-10 04:00:00", "2025-03-10", 0, 1),
        ],
    ),
    "a day of 25 hours with hour 1 twice": (
        "America/New_York",
        [
            ("2025-11-02 04:00:00", "2025-11-02", 0, 7),
            ("2025-11-02 05:30:00", "2025-11-02", 1, 7),
            ("2025-11-02 06:30:00", "2025-11-02", 1, 7),
            ("2025-11-02 07:00:00", "2025-11-02", 2, 7),
            ("2025-11-03 04:59:59", "2025-11-02", 23, 7),
            ("2025-11-03 05:00:00", "2025-11-03", 0, 1),
        ],
    ),
}

HOURS = "select event_date::varchar, hour, view_count from {table} where audience = 'all'"
WEEKDAYS = """
    select event_date::varchar, weekday, sum(views_per_day * days_with_data)
    from {table} where audience = 'all' group by all
"""


@pytest.fixture
def shop(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Batch]:
    """The platform as it is started when the store's time zone is this one."""

    def started(zone: str) -> Batch:
        monkeypatch.setenv("ECOM_STORE_TIME_ZONE", zone)
        return Batch.of(Settings.from_environment(), batch.instance, say=lambda _: None)

    return started


def take_in(batch: Batch, folder: Path, times: list[str]) -> None:
    lines = [ROW.format(at=at, user=user) for user, at in enumerate(times)]
    path = folder / "events.csv"
    path.write_text("\n".join([HEADER, *lines, ""]))
    deliver([path], Settings.from_environment())
    batch.take_in()


def counted(cuts: list[Cut]) -> list[tuple[str, int, int]]:
    """How many events the store has in each of its hours."""
    hours = [(day, hour) for _, day, hour, _ in cuts]
    return sorted((*hour, hours.count(hour)) for hour in set(hours))


@pytest.mark.parametrize("name", SHOPS)
def test_days_hours_and_weekdays_are_those_of_the_store(
    name: str, shop: Callable[[str], Batch], tmp_path: Path
) -> None:
    zone, cuts = SHOPS[name]
    batch = shop(zone)
    take_in(batch, tmp_path, [at for at, *_ in cuts])
    batch.rebuild()

    lake = rows(
        batch,
        "lake",
        "events",
        "select strftime(event_time, '%Y-%m-%d %H:%M:%S'), event_date::varchar, event_hour"
        " from {table}",
    )
    assert sorted(lake) == sorted((at, day, hour) for at, day, hour, _ in cuts)
    assert sorted(rows(batch, "marts", "hourly_category_activity", HOURS)) == counted(cuts)
    days = {day: weekday for _, day, _, weekday in cuts}
    visitors = rows(
        batch, "marts", "daily_visitors", "select event_date::varchar, visitor_count from {table}"
    )
    assert dict(visitors) == {day: sum(one[1] == day for one in cuts) for day in days}
    ranked = rows(batch, "marts", "weekday_category_ranking", WEEKDAYS)
    last = max(days)
    assert {weekday: views for day, weekday, views in ranked if day == last} == {
        weekday: sum(one[3] == weekday for one in cuts) for weekday in days.values()
    }
    check_conservation(batch)


def test_changed_zone_is_refused_until_all_days_are_cut_anew(
    shop: Callable[[str], Batch], tmp_path: Path
) -> None:
    zone, cuts = SHOPS["a quarter of an hour beside the full hour"]
    before = shop("UTC")
    take_in(before, tmp_path, [at for at, *_ in cuts])
    before.rebuild()
    changed = shop(zone)

    with pytest.raises(StoreTimeZoneChangedError, match=r"ECOM_STORE_TIME_ZONE.*make restage"):
        changed.rebuild()

    assert restage(changed.tables, changed.engine, lambda _: None) == 1
    assert restage(changed.tables, changed.engine, lambda _: None) == 0
    changed.rebuild()
    assert sorted(rows(changed, "marts", "hourly_category_activity", HOURS)) == counted(cuts)
    check_conservation(changed)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", "2025-03-09", 24),
        ("Asia/Kathmandu", "2026-01-05", 24),
        ("America/Sao_Paulo", "2019-02-16", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/New_York", "2025-03-09", 23),
        ("America/New_York", "2025-11-02", 25),
    ],
)
def test_days_end_when_the_next_one_of_the_store_begins(zone: str, day: str, hours: int) -> None:
    asked = date.fromisoformat(day)
    end = end_of_day(asked, zone)
    start = end_of_day(date.fromordinal(asked.toordinal() - 1), zone)
    assert (end - start).total_seconds() == hours * 3600
    assert store_date(start.replace(tzinfo=UTC), zone) == asked
    assert store_date(end.replace(tzinfo=UTC) - timedelta(seconds=1), zone) == asked
