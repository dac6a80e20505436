"""The scheduled daily batch: yesterday, when its exports should be there."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from ecom_platform.defs.lake.sensors import DAY_KEYS


@dg.schedule(
    name="daily_batch_schedule",
    cron_schedule="0 3 * * *",
    execution_timezone="UTC",
    target=dg.AssetSelection.assets(*DAY_KEYS),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Builds yesterday at 03:00 UTC; what reads it follows by automation.",
)
def daily_batch_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    yesterday = (context.scheduled_execution_time - timedelta(days=1)).date()
    yield dg.RunRequest(run_key=str(yesterday), partition_key=str(yesterday))
