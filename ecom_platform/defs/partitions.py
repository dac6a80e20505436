"""The partitions that assets share: files, hours of arrival, and days from 2019 until tomorrow."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

import dagster as dg

from ecom_platform.contracts import FIRST_DATE

EVENT_FILES = dg.DynamicPartitionsDefinition(name="event_files")
"""One partition a version of a raw file; added by `raw/event_files` and its sensor."""

ARRIVED_HOURS = dg.DynamicPartitionsDefinition(name="arrived_hours")
"""One partition an hour in which the stream's archive took anything; added by its sensor."""

DAYS = dg.DailyPartitionsDefinition(start_date=str(FIRST_DATE), end_offset=2)
"""Days of the store; an end offset of 2 reaches tomorrow, where clocks ahead of UTC already are."""


def span_tags(keys: Sequence[str]) -> dict[str, str]:
    """The tags by which Dagster builds partitions that follow each other in one run."""
    return {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }


def adjacent(keys: Collection[str], order: Sequence[str], most: int) -> Iterator[list[str]]:
    """Keys in runs that have no other key between them, no run longer than `most`."""
    wanted = set(keys)
    run: list[str] = []
    for key in order:
        if key in wanted:
            run.append(key)
        if run and (key not in wanted or len(run) == most):
            yield run
            run = []
    if run:
        yield run


def range_tags(first: date, last: date) -> dict[str, str]:
    """The tags by which Dagster builds a range of days in one run, both ends included."""
    return span_tags([str(first), str(last)])


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
