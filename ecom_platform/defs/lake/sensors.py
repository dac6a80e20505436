"""Days whose parts changed: exactly those are built again. Their readers follow by automation."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

import dagster as dg

from ecom_platform.contracts.lake import (
    DAY_TABLES,
    EVENTS,
    RAW_EVENT_FILES,
    STAGED_EVENTS,
    STAGED_STREAM_EVENTS,
)
from ecom_platform.defs.cursors import cursor_of, digest
from ecom_platform.defs.partitions import islands, range_tags
from ecom_platform.lake.days import DayPlan
from ecom_platform.pipeline.days import stale_plans
from ecom_platform.resources.table_store import TableStore
from ecom_platform.tables.commits import commits_prefix, latest_numbers

DAY_KEYS = [dg.AssetKey(table.key) for table in DAY_TABLES]
WATCHED = (STAGED_EVENTS, STAGED_STREAM_EVENTS, RAW_EVENT_FILES)
"""Their commits are all that a day's parts follow from."""


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
        key for table in WATCHED for key in tables.objects.list_keys(commits_prefix(table.prefix))
    ]
    cursor = cursor_of(digest(records))
    if context.cursor == cursor:
        return dg.SkipReason(f"{len(records)} records of files and hours, none of them new")
    plans = stale_plans(tables)
    built = latest_numbers(tables.objects.list_keys(commits_prefix(EVENTS.prefix)))
    requests = run_requests(plans, built)
    context.log.info(f"{len(plans)} of the days changed, in {len(requests)} runs of days")
    return dg.SensorResult(run_requests=requests, cursor=cursor)


def run_requests(plans: Sequence[DayPlan], built: Mapping[str, int]) -> list[dg.RunRequest]:
    """One run for each row of days without a gap.

    Its key names the days, their parts and the versions that it replaces: a correction that is
    taken back and made again brings the same parts twice.
    """
    by_day = {plan.day: plan for plan in plans}
    return [
        dg.RunRequest(
            run_key=f"{first}..{last}:{_parts_of(by_day, built, first, last)}",
            asset_selection=DAY_KEYS,
            tags=range_tags(first, last),
        )
        for first, last in islands(list(by_day))
    ]


def _parts_of(
    plans: Mapping[date, DayPlan], built: Mapping[str, int], first: date, last: date
) -> str:
    parts = [
        f"{built.get(str(day), 0)} {json.dumps(plan.inputs, sort_keys=True)}"
        for day, plan in plans.items()
        if first <= day <= last
    ]
    return digest([EVENTS.path, *parts])
