"""The store's own time: days, hours and weekdays as the shop's people count them.

Cut once, when rows are staged: no mart, rule or check converts a zone, for engines differ there.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ecom_platform.tables.literals import literal

UTC_NAME = "UTC"


class StoreTimeZoneChangedError(RuntimeError):
    """Tables were cut by another zone than the one that is set."""

    def __init__(self, before: str, now: str) -> None:
        super().__init__(
            f"the tables were cut by the store's time {before}, but ECOM_STORE_TIME_ZONE is {now};"
            f" set it back to {before}, or cut all days anew: make restage"
        )


def local_time(column: str, zone: str) -> str:
    """SQL: the time on the store's clocks at a UTC time."""
    if zone == UTC_NAME:
        return column
    return f"timezone({literal(zone)}, timezone('UTC', {column}))"


def on_store_clocks(rows: str, zone: str) -> str:
    """SQL: rows that have `occurred_at` (UTC), with the store's `local_at` and `event_date`."""
    return f"""(
        select *, cast(local_at as date) as event_date
        from (select *, {local_time("occurred_at", zone)} as local_at from {rows})
    )"""


def end_of_day(day: date, zone: str) -> datetime:
    """When a day of the store ends, UTC and without a time zone; days have 23 to 25 hours."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC).replace(tzinfo=None)


def store_date(moment: datetime, zone: str) -> date:
    """The store's day at a moment that has a time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()
