"""Health as asset checks: asked for by hand here, and reported by the sensors at every tick."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from ecom_platform.defs.streaming.assets import (
    ALERTS,
    FLINK_JOB,
    RAW_EVENTS,
    READ_STREAMS,
    STREAMS,
)
from ecom_platform.resources.alert_log import AlertLog
from ecom_platform.resources.flink_job import FlinkJob
from ecom_platform.resources.stream_metrics import StreamMetrics
from ecom_platform.streaming.health import (
    ALERT_CHECKS,
    JOB_CHECKS,
    SOURCE_CHECKS,
    STREAM_CHECKS,
    AlertHealth,
    Health,
    HealthCheck,
    JobHealth,
    StreamHealth,
    findings,
)

SEVERITIES = {"error": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def checks_of(stream: dg.AssetKey) -> tuple[HealthCheck[StreamHealth], ...]:
    return SOURCE_CHECKS if stream == RAW_EVENTS else STREAM_CHECKS


def specs_of(key: dg.AssetKey, checks: tuple[HealthCheck[Health], ...]) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec(c.name, asset=key, description=c.description) for c in checks]


def evaluated(
    key: dg.AssetKey, checks: tuple[HealthCheck[Health], ...], health: Health
) -> Iterator[dg.AssetCheckEvaluation]:
    """What is found of an asset's health, as a sensor tells it."""
    for found in findings(checks, health):
        yield dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=found.check,
            passed=found.passed,
            severity=SEVERITIES[found.severity],
            description=found.message,
            metadata={"found": found.message},
        )


def judged(
    key: dg.AssetKey, checks: tuple[HealthCheck[Health], ...], health: Health
) -> Iterator[dg.AssetCheckResult]:
    """The same, as a step tells it."""
    for found in evaluated(key, checks, health):
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=found.check_name,
            passed=found.passed,
            severity=found.severity,
            description=found.description,
            metadata=found.metadata,
        )


def stream_healths(
    metrics: StreamMetrics, prefix: str, now: datetime
) -> dict[dg.AssetKey, StreamHealth]:
    """The health of every stream, by its asset."""
    names = {key: f"{prefix}{name}" for key, name in STREAMS.items()}
    found = metrics.health([*names.values()], now)
    return {key: found[name] for key, name in names.items()}


@dg.multi_asset_check(
    name="stream_health",
    specs=[spec for key in READ_STREAMS for spec in specs_of(key, checks_of(key))],
    can_subset=True,
)
def stream_health(
    context: dg.AssetCheckExecutionContext, stream_metrics: StreamMetrics
) -> Iterator[dg.AssetCheckResult]:
    healths = stream_healths(stream_metrics, stream_metrics.stream_prefix, datetime.now(UTC))
    for key in READ_STREAMS:
        yield from selected(context, judged(key, checks_of(key), healths[key]))


@dg.multi_asset_check(
    name="flink_job_health", specs=specs_of(FLINK_JOB, JOB_CHECKS), can_subset=True
)
def flink_job_health(
    context: dg.AssetCheckExecutionContext, flink_job: FlinkJob
) -> Iterator[dg.AssetCheckResult]:
    health: JobHealth = flink_job.health(datetime.now(UTC))
    yield from selected(context, judged(FLINK_JOB, JOB_CHECKS, health))


def alert_health_of(alert_log: AlertLog, now: datetime) -> AlertHealth:
    crossed_at = alert_log.canary_crossed_at()
    return AlertHealth((now - crossed_at).total_seconds() if crossed_at else None)


@dg.multi_asset_check(name="alert_health", specs=specs_of(ALERTS, ALERT_CHECKS), can_subset=True)
def alert_health(
    context: dg.AssetCheckExecutionContext, alert_log: AlertLog
) -> Iterator[dg.AssetCheckResult]:
    health = alert_health_of(alert_log, datetime.now(UTC))
    yield from selected(context, judged(ALERTS, ALERT_CHECKS, health))


def selected(
    context: dg.AssetCheckExecutionContext, results: Iterator[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """Those that were asked for; the web UI starts single checks of such as can be subset."""
    wanted = context.selected_asset_check_keys
    for found in results:
        if dg.AssetCheckKey(found.asset_key or FLINK_JOB, found.check_name or "") in wanted:
            yield found
