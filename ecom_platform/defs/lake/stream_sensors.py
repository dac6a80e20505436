"""What the stream's archive holds: each hour that grew is staged again."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from ecom_platform.contracts.lake import HOUR_TABLES
from ecom_platform.defs.cursors import CURSOR_VERSION, digest
from ecom_platform.defs.partitions import ARRIVED_HOURS
from ecom_platform.lake.stream_archive import ArchivedHour
from ecom_platform.pipeline.hours import list_hours, open_days, unstaged_hours
from ecom_platform.resources.table_store import TableStore

HOUR_KEYS = [dg.AssetKey(table.key) for table in HOUR_TABLES]
OPEN_HOUR_PAUSE = timedelta(minutes=15)
"""An hour that still grows is read whole each time, and its day is rebuilt: no more often."""


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
    return look_at_archive(context, tables, datetime.now(UTC).replace(tzinfo=None))


def look_at_archive(
    context: dg.SensorEvaluationContext, tables: TableStore, now: datetime
) -> dg.SensorResult | dg.SkipReason:
    """One tick at a time (UTC). It costs the same however old the archive is."""
    before = json.loads(context.cursor) if context.cursor else {}
    hours = list_hours(tables, open_days(now, before.get("looked_at")) if before else None)
    fingerprint = digest([f"{hour}:{found.digest}" for hour, found in hours.items()])
    if before.get("handled") == fingerprint:
        return dg.SkipReason(f"{len(hours)} open hours of the archive, none of them grew")
    grown = unstaged_hours(tables, hours)
    asked_at = datetime.fromisoformat(before.get("asked_at", "2000-01-01"))
    due = [one for one in grown if _is_due(one, asked_at, now)]
    is_all = len(due) == len(grown)
    context.log.info(f"{len(hours)} open hours of the archive, {len(due)} of {len(grown)} to stage")
    cursor = {
        "version": CURSOR_VERSION,
        "handled": fingerprint if is_all else None,
        "looked_at": str(now.date()),
        "asked_at": str(now if due else asked_at),
    }
    return dg.SensorResult(
        run_requests=list(_run_requests(due)),
        dynamic_partitions_requests=[ARRIVED_HOURS.build_add_request([one.hour for one in due])],
        cursor=json.dumps(cursor),
    )


def _is_due(hour: ArchivedHour, asked_at: datetime, now: datetime) -> bool:
    is_open = hour.hour == f"{now:%Y-%m-%dT%H}"
    return not is_open or now - asked_at >= OPEN_HOUR_PAUSE


def _run_requests(hours: Sequence[ArchivedHour]) -> list[dg.RunRequest]:
    return [
        dg.RunRequest(
            run_key=f"{hour.hour}:{hour.digest}",
            partition_key=hour.hour,
            asset_selection=HOUR_KEYS,
        )
        for hour in hours
    ]
