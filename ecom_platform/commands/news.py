"""What happened since the last look: runs that failed, alerts that opened, the job's state."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from ecom_platform.batch import Batch
from ecom_platform.lake.shown_text import shown

SETTLED = timedelta(seconds=3)
"""The index of alerts is behind the table."""
FLINK_SESSION = timedelta(hours=11, minutes=30)
"""The job keeps the session of its role that it started with, for twelve hours."""


@dataclass
class News:
    """What was said already, so that nothing is said twice."""

    batch: Batch
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    job_state: str = ""
    failed: set[str] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)
    is_session_told: bool = False

    def lines(self) -> Iterator[str]:
        yield from self._job()
        yield from self._failed_runs()
        yield from self._opened_alerts()

    def _job(self) -> Iterator[str]:
        now = datetime.now(UTC)
        state = self.batch.resources.flink_job.health(now).state
        if state != self.job_state:
            self.job_state = state
            yield f"Flink job: {state.lower()}"
        if not self.is_session_told and now - self.since > FLINK_SESSION:
            self.is_session_told = True
            yield "[yellow]Flink's session ends in half an hour: stop, and `make up` again[/yellow]"

    def _failed_runs(self) -> Iterator[str]:
        failures = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=self.since)
        for run in self.batch.instance.get_runs(failures, limit=20):
            if run.run_id not in self.failed:
                self.failed.add(run.run_id)
                keys = sorted(key.to_user_string() for key in run.asset_selection or [])
                what = ", ".join(keys[:3]) or run.job_name
                yield f"[red]a run failed[/red] {run.run_id[:8]}: {escape(what)}"

    def _opened_alerts(self) -> Iterator[str]:
        until = datetime.now(UTC) - SETTLED
        try:
            changed = self.batch.resources.alert_log.changed(self.since - SETTLED, until)
        except (BotoCoreError, ClientError) as error:
            yield f"[red]the alerts cannot be read[/red]: {escape(str(error))}"
            return
        for alert in changed:
            if alert.alert_id not in self.alerts:
                self.alerts.add(alert.alert_id)
                yield (
                    f"[bold red]alert[/bold red] {escape(shown(alert.entity))}: {alert.rule},"
                    f" {alert.severity}, {alert.peak_value:g} of {alert.threshold:g}"
                    f" since {alert.opened_at}"
                )
