"""The scheduled daily batch: yesterday, when its exports should be there."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from ecom_platform.defs.lake.sensors import DAY_KEYS
from ecom_platform.lake.store_time import store_date
from ecom_platform.resources.table_store import TableStore


@dg.schedule(
    name="daily_batch_schedule",
    cron_schedule="0 3 * * *",
    execution_timezone="UTC",
    target=dg.AssetSelection.assets(*DAY_KEYS),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Builds the store's yesterday at 03:00 UTC; what reads it follows by automation.",
)
def daily_batch_schedule(
    context: dg.ScheduleEvaluationContext, tables: TableStore
) -> Iterator[dg.RunRequest]:
    # The store's own yesterday; a schedule reads no setting before it runs.
    today = store_date(context.scheduled_execution_time, tables.store_time_zone)
    yesterday = today - timedelta(days=1)
    yield dg.RunRequest(run_key=str(yesterday), partition_key=str(yesterday))
