"""What the stream's archive puts under `raw/`: each hour that grew is staged again."""

from collections.abc import Collection, Sequence

import dagster as dg

from ecom_platform.contracts.lake import HOUR_TABLES, STAGED_STREAM_EVENTS
from ecom_platform.defs.cursors import cursor_of, digest
from ecom_platform.defs.partitions import ARRIVED_HOURS
from ecom_platform.lake.event_files import STREAM_PREFIX
from ecom_platform.lake.stream_archive import day_prefix
from ecom_platform.pipeline.hours import list_hours, unstaged_hours
from ecom_platform.resources.table_store import TableStore
from ecom_platform.tables.commits import commits_prefix, latest_numbers

HOUR_KEYS = [dg.AssetKey(table.key) for table in HOUR_TABLES]
OPEN_DAYS = 2
"""Folders of days that may still grow: today's, and yesterday's around midnight."""


@dg.sensor(
    name="stream_archive_sensor",
    asset_selection=HOUR_KEYS,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sees new objects of the stream's archive, and stages the hours they came in.",
)
def stream_archive_sensor(
    context: dg.SensorEvaluationContext, tables: TableStore
) -> dg.SensorResult | dg.SkipReason:
    records = tables.objects.list_keys(commits_prefix(STAGED_STREAM_EVENTS.path))
    staged = latest_numbers(records)
    hours = list_hours(tables, *open_folders(tables.objects.folders(STREAM_PREFIX), staged))
    cursor = cursor_of(digest([f"{hour}:{found.digest}" for hour, found in hours.items()]))
    if context.cursor == cursor:
        return dg.SkipReason(f"{len(hours)} open hours of the archive, none of them grew")
    grown = unstaged_hours(tables, hours)
    context.log.info(f"{len(hours)} open hours of the archive, {len(grown)} to stage")
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=f"{found.hour}:{found.digest}",
                partition_key=found.hour,
                asset_selection=HOUR_KEYS,
            )
            for found in grown
        ],
        dynamic_partitions_requests=[
            ARRIVED_HOURS.build_add_request([found.hour for found in grown])
        ],
        cursor=cursor,
    )


def open_folders(folders: Sequence[str], staged: Collection[str]) -> list[str]:
    """The folders of days that may hold something new: the last ones, and never staged ones."""
    known = {day_prefix(hour) for hour in staged}
    ordered = sorted(folders)
    return [*(f for f in ordered[:-OPEN_DAYS] if f not in known), *ordered[-OPEN_DAYS:]]
