"""Old versions of tables are removed, never those in use: the work, a job and its schedule.

What does not belong here: which objects are old (`lake.retention`).
"""

from datetime import UTC, datetime

import dagster as dg

from ecom_platform.defs.catalog.run_retention import remove_old_runs
from ecom_platform.resources.table_store import TableStore


def remove_old_versions(cleaner: TableStore, now: datetime) -> tuple[int, int]:
    """Delete what no version in use needs; returns how many objects and bytes."""
    found = cleaner.old_versions(now)
    cleaner.objects.delete_all([one.key for one in found])
    return len(found), sum(one.byte_count for one in found)


@dg.op(pool="old_versions")
def remove_old_versions_op(context: dg.OpExecutionContext, cleaner: TableStore) -> None:
    """Delete data that no version in use needs, a day after it was replaced."""
    count, size = remove_old_versions(cleaner, datetime.now(UTC).replace(tzinfo=None))
    context.log.info(f"{count} objects with {size:,} bytes removed")
    context.add_output_metadata({"objects": count, "bytes": size})


@dg.op(pool="old_runs")
def remove_old_runs_op(context: dg.OpExecutionContext) -> None:
    """Forget runs of a month ago, but for those that built what is in use."""
    count = remove_old_runs(context.instance, datetime.now(UTC))
    context.log.info(f"{count} runs removed")
    context.add_output_metadata({"runs": count})


@dg.job(description="Removes old versions of all tables and old runs, never those in use.")
def remove_old_versions_job() -> None:
    remove_old_versions_op()
    remove_old_runs_op()


remove_old_versions_schedule = dg.ScheduleDefinition(
    name="weekly_remove_old_versions_schedule",
    job=remove_old_versions_job,
    cron_schedule="30 4 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Removes old versions on Sundays at 04:30 UTC.",
)
