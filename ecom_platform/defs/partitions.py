"""The partitions that assets share: files, hours of arrival, and days from 2019 until tomorrow."""

from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg

from ecom_platform.contracts import FIRST_DATE

EVENT_FILES = dg.DynamicPartitionsDefinition(name="event_files")
"""One partition a version of a raw file; added by `raw/event_files` and its sensor."""

ARRIVED_HOURS = dg.DynamicPartitionsDefinition(name="arrived_hours")
"""One partition an hour in which the stream's archive took anything; added by its sensor."""

DAYS = dg.DailyPartitionsDefinition(start_date=str(FIRST_DATE), end_offset=2)
"""UTC days; an end offset of 2 reaches tomorrow, where clocks ahead of ours already are."""

TRY_AGAIN = dg.RetryPolicy(
    max_retries=4, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""For a cloud that is away for a minute. What is refused for its content is not tried again."""


def range_tags(first: date, last: date) -> dict[str, str]:
    """The tags by which Dagster builds a range of days in one run, both ends included."""
    return {
        "dagster/asset_partition_range_start": str(first),
        "dagster/asset_partition_range_end": str(last),
    }


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days that a run is to build."""
    return [date.fromisoformat(key) for key in context.partition_keys]


def islands(days: Sequence[date]) -> list[tuple[date, date]]:
    """Runs of days without a gap, first and last day each; one run builds one of them."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
