"""The pulse of Dagster, as metrics: runs that failed, and sensors that somebody stopped.

Alarms hear of both (`infra/operations.yaml`); an alarm on the pulse itself hears that the daemon is
gone, of which no sensor could tell.
"""

from collections.abc import Collection
from datetime import UTC, datetime

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus

from ecom_platform.resources.platform_metrics import PlatformMetrics


@dg.sensor(
    name="dagster_pulse_sensor",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Puts the pulse of Dagster into CloudWatch: failed runs, stopped sensors.",
)
def dagster_pulse_sensor(
    context: dg.SensorEvaluationContext, platform_metrics: PlatformMetrics
) -> dg.SkipReason:
    now = datetime.now(UTC)
    since = datetime.fromisoformat(context.cursor) if context.cursor else now
    failed = context.instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    )
    new = [record.dagster_run.run_id for record in failed]
    stopped = stopped_instigators(context.instance, _names(context.repository_def))
    platform_metrics.put({"RunsFailed": len(new), "InstigatorsStopped": len(stopped)})
    context.update_cursor(now.isoformat())
    return dg.SkipReason(
        f"{len(new)} runs failed since the last look; stopped: {', '.join(stopped) or 'none'}"
    )


def _names(repository: dg.RepositoryDefinition | None) -> set[str] | None:
    if repository is None:
        return None
    sensors = {one.name for one in repository.sensor_defs}
    return sensors | {one.name for one in repository.schedule_defs}


def stopped_instigators(
    instance: dg.DagsterInstance, names: Collection[str] | None = None
) -> list[str]:
    """Of some sensors and schedules, or all, those that somebody stopped by hand. Dagster remembers
    the state of such as are no longer in the code, too.
    """
    states = instance.all_instigator_state()
    return sorted(
        state.instigator_name
        for state in states
        if state.status is InstigatorStatus.STOPPED
        and (names is None or state.instigator_name in names)
    )
