"""What watches the stream: its streams, the Flink job, and the table of alerts.

They read, judge in a pure function, and report. A failing tick looks failed.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import dagster as dg

from ecom_platform.defs.streaming.assets import (
    ALERTS,
    FLINK_JOB,
    LOOK_BACK,
    READ_STREAMS,
    alert_metadata,
)
from ecom_platform.defs.streaming.checks import (
    alert_health_of,
    checks_of,
    evaluated,
    stream_healths,
)
from ecom_platform.resources.alert_log import AlertLog
from ecom_platform.resources.flink_job import FlinkJob
from ecom_platform.resources.stream_metrics import StreamMetrics
from ecom_platform.streaming.alerts import wire_time
from ecom_platform.streaming.health import ALERT_CHECKS, JOB_CHECKS, JobHealth

CURSOR_VERSION = 1
SETTLED = timedelta(seconds=3)
"""The index of alerts is behind the table; what changed later is for the next tick."""


@dg.sensor(
    name="kinesis_stream_sensor",
    asset_selection=[*READ_STREAMS],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of each stream its rate, its silence and how long records wait unread.",
)
def kinesis_stream_sensor(
    context: dg.SensorEvaluationContext, stream_metrics: StreamMetrics
) -> dg.SensorResult:
    healths = stream_healths(stream_metrics, stream_metrics.stream_prefix, datetime.now(UTC))
    observations = [
        dg.AssetObservation(
            key,
            metadata={
                "records_per_second": round(health.records_per_second, 3),
                "records": health.incoming_record_count,
                "window_seconds": health.window_seconds,
                **_known("silent_seconds", health.silent_seconds),
                **_known("iterator_age_seconds", health.iterator_age_seconds),
            },
        )
        for key, health in healths.items()
    ]
    evaluations = [
        found for key in READ_STREAMS for found in evaluated(key, checks_of(key), healths[key])
    ]
    context.log.info(_summary(evaluations))
    return dg.SensorResult(asset_events=[*observations, *evaluations])


@dg.sensor(
    name="flink_job_sensor",
    asset_selection=[FLINK_JOB],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the state of the Flink job: restarts, checkpoints, lag of event time.",
)
def flink_job_sensor(context: dg.SensorEvaluationContext, flink_job: FlinkJob) -> dg.SensorResult:
    health = flink_job.health(datetime.now(UTC))
    evaluations = list(evaluated(FLINK_JOB, JOB_CHECKS, health))
    restarts = _new_restarts(context.cursor, health)
    if restarts:
        context.log.warning(f"the job has restarted {restarts} times since the last tick")
    context.log.info(_summary(evaluations))
    metadata = {name: value for name, value in asdict(health).items() if value is not None}
    return dg.SensorResult(
        asset_events=[
            dg.AssetObservation(FLINK_JOB, metadata={**metadata, "new_restarts": restarts}),
            *evaluations,
        ],
        cursor=json.dumps({"version": CURSOR_VERSION, "restart_count": health.restart_count}),
    )


@dg.sensor(
    name="alerts_sensor",
    asset_selection=[ALERTS],
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of alerts that changed, of the table as it is now, and of the canary.",
)
def alerts_sensor(context: dg.SensorEvaluationContext, alert_log: AlertLog) -> dg.SensorResult:
    now = datetime.now(UTC)
    until = now - SETTLED
    since = _read_until(context.cursor) or until - LOOK_BACK
    found = alert_log.changed(since, until)
    cursor = json.dumps({"version": CURSOR_VERSION, "read_until": wire_time(until)})
    canary = list(evaluated(ALERTS, ALERT_CHECKS, alert_health_of(alert_log, now)))
    context.log.info(f"{len(found)} alerts changed since {wire_time(since)}; {_summary(canary)}")
    if not found:
        return dg.SensorResult(asset_events=canary, cursor=cursor)
    # A look at the table is told at once: a run of its own would take ten seconds each time.
    latest = alert_log.changed(until - LOOK_BACK, until)
    return dg.SensorResult(
        asset_events=[
            dg.AssetObservation(ALERTS, metadata=alert_metadata(found)),
            dg.AssetMaterialization(ALERTS, metadata=alert_metadata(latest)),
            *canary,
        ],
        cursor=cursor,
    )


def _read_until(cursor: str | None) -> datetime | None:
    return datetime.fromisoformat(json.loads(cursor)["read_until"]) if cursor else None


def _new_restarts(cursor: str | None, health: JobHealth) -> int:
    """Restarts since the last tick; a job that was started anew counts from 0 again."""
    before = json.loads(cursor)["restart_count"] if cursor else None
    if before is None or health.restart_count is None:
        return 0
    return max(0, health.restart_count - int(before))


def _known(name: str, value: float | None) -> dict[str, float]:
    return {} if value is None else {name: round(value, 3)}


def _summary(evaluations: list[dg.AssetCheckEvaluation]) -> str:
    bad = [f"{found.check_name}: {found.description}" for found in evaluations if not found.passed]
    return "; ".join(bad) if bad else f"{len(evaluations)} checks passed"
