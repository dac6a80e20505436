"""Days whose parts changed: exactly those are built again. Their readers follow by automation."""

import json
from collections.abc import Sequence
from datetime import date

import dagster as dg

from ecom_platform.contracts.lake import EVENTS, RAW_EVENT_FILES, STAGED_EVENTS
from ecom_platform.defs.lake.assets import DAY_TABLES
from ecom_platform.defs.lake.days import stale_plans
from ecom_platform.defs.raw.sensors import digest
from ecom_platform.lake.commits import commits_prefix
from ecom_platform.lake.days import DayPlan
from ecom_platform.marts.touched import islands
from ecom_platform.resources.table_store import TableStore

CURSOR_VERSION = 1
DAY_KEYS = [dg.AssetKey(table.key) for table in DAY_TABLES]
WATCHED = (STAGED_EVENTS, RAW_EVENT_FILES)
"""Their commits are all that a day's parts follow from."""

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


@dg.sensor(
    name="changed_days_sensor",
    asset_selection=DAY_KEYS,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Backfills exactly the days of lake/events whose parts changed, late ones too.",
)
def changed_days_sensor(
    context: dg.SensorEvaluationContext, tables: TableStore
) -> dg.SensorResult | dg.SkipReason:
    records = [
        key for table in WATCHED for key in tables.objects.list_keys(commits_prefix(table.path))
    ]
    cursor = json.dumps({"version": CURSOR_VERSION, "handled": digest(records)})
    if context.cursor == cursor:
        return dg.SkipReason(f"{len(records)} records of files, none of them new")
    plans = stale_plans(tables)
    requests = run_requests(plans)
    context.log.info(f"{len(plans)} of the days changed, in {len(requests)} runs of days")
    return dg.SensorResult(run_requests=requests, cursor=cursor)


def run_requests(plans: Sequence[DayPlan]) -> list[dg.RunRequest]:
    """One run for each row of days without a gap; its key names the days and their parts."""
    by_day = {plan.day: plan for plan in plans}
    return [
        dg.RunRequest(
            run_key=f"{first}..{last}:{_parts_of(by_day, first, last)}",
            asset_selection=DAY_KEYS,
            tags={RANGE_START: str(first), RANGE_END: str(last)},
        )
        for first, last in islands(list(by_day))
    ]


def _parts_of(plans: dict[date, DayPlan], first: date, last: date) -> str:
    inputs = [json.dumps(p.inputs, sort_keys=True) for d, p in plans.items() if first <= d <= last]
    return digest([EVENTS.path, *inputs])
