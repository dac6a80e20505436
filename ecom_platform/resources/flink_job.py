"""The Flink job's health: from Flink's own REST interface, or from AWS where that runs it.

What does not belong here: what of it is healthy (`streaming.health`).
"""

import json
import urllib.error
import urllib.request
from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from ecom_platform.resources.aws import cloudwatch_client, managed_flink_client
from ecom_platform.streaming.health import JobHealth

TIMEOUT_SECONDS = 5
NO_WATERMARK = -(2**63)
"""What Flink says before the first event."""
NAMESPACE = "AWS/KinesisAnalytics"
METRICS = (
    "numRestarts",
    "lastCheckpointDuration",
    "numberOfFailedCheckpoints",
    "currentOutputWatermark",
)
PERIOD_SECONDS = 60
WINDOW = timedelta(minutes=5)


class FlinkJob(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The job that runs the rules, wherever it runs."""

    @abstractmethod
    def health(self, now: datetime) -> JobHealth:
        """How the job is; `now` with its time zone. A job that cannot be asked is no error."""


class RestFlinkJob(FlinkJob):
    """A job whose REST interface can be reached."""

    url: str

    def health(self, now: datetime) -> JobHealth:
        try:
            jobs = self._get("/jobs/overview")["jobs"]
            if not jobs:
                return JobHealth("ABSENT", detail=f"no job at {self.url}")
            return self._health(max(jobs, key=lambda job: job["start-time"]), now)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            return JobHealth("UNREACHABLE", detail=f"{self.url}: {error}")

    def _health(self, job: Any, now: datetime) -> JobHealth:  # noqa: ANN401 - Flink's JSON
        path = f"/jobs/{job['jid']}"
        checkpoints = self._get(f"{path}/checkpoints")
        metrics = self._get(f"{path}/metrics?get=numRestarts")
        completed = checkpoints["latest"]["completed"]
        tasks = job["tasks"]
        is_whole = job["state"] == "RUNNING" and tasks["running"] == tasks["total"]
        return JobHealth(
            state=job["state"] if is_whole or job["state"] != "RUNNING" else "STARTING",
            restart_count=int(metrics[0]["value"]) if metrics else None,
            checkpoint_age_seconds=_age(now, completed["latest_ack_timestamp"])
            if completed
            else None,
            failed_checkpoint_count=checkpoints["counts"]["failed"],
            watermark_lag_seconds=self._watermark_lag(path, now),
        )

    def _watermark_lag(self, path: str, now: datetime) -> float | None:
        """Behind the slowest subtask of the whole job."""
        vertices = self._get(path)["vertices"]
        marks = [
            int(mark["value"])
            for vertex in vertices
            for mark in self._get(f"{path}/vertices/{vertex['id']}/watermarks")
        ]
        told = [mark for mark in marks if mark > NO_WATERMARK]
        return _age(now, min(told)) if told else None

    def _get(self, path: str) -> Any:  # noqa: ANN401 - Flink's JSON
        with urllib.request.urlopen(f"{self.url}{path}", timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the address comes from the settings
            return json.load(answer)


class ManagedFlinkJob(FlinkJob):
    """A job that Managed Service for Apache Flink runs; its metrics are CloudWatch's."""

    application: str
    profile: str | None = None

    def health(self, now: datetime) -> JobHealth:
        described = managed_flink_client(self.profile).describe_application(
            ApplicationName=self.application
        )
        state = described["ApplicationDetail"]["ApplicationStatus"]
        points = self._points(now)
        newest = {name: found[-1] for name, found in points.items()}
        failed = points.get("numberOfFailedCheckpoints", [0.0])
        duration = newest.get("lastCheckpointDuration")
        mark = newest.get("currentOutputWatermark", 0.0)
        return JobHealth(
            state=state,
            restart_count=_whole(newest.get("numRestarts")),
            # CloudWatch knows no time of a checkpoint: while none fails, the last one is as old as
            # it took, and a pause between two.
            checkpoint_age_seconds=duration / 1000
            if duration is not None and max(failed) == min(failed)
            else None,
            failed_checkpoint_count=_whole(failed[-1]),
            watermark_lag_seconds=_age(now, mark) if mark > 0 else None,
        )

    def _points(self, now: datetime) -> dict[str, list[float]]:
        """The values of each metric of the application over the last minutes, oldest first."""
        dimensions = [{"Name": "Application", "Value": self.application}]
        queries: list[Any] = [
            {
                "Id": f"m{place}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": NAMESPACE,
                        "MetricName": name,
                        "Dimensions": dimensions,
                    },
                    "Period": PERIOD_SECONDS,
                    "Stat": "Maximum",
                },
            }
            for place, name in enumerate(METRICS)
        ]
        answer = cloudwatch_client(self.profile).get_metric_data(
            MetricDataQueries=queries, StartTime=now - WINDOW, EndTime=now
        )
        return {
            METRICS[int(result["Id"][1:])]: [
                value
                for _, value in sorted(zip(result["Timestamps"], result["Values"], strict=True))
            ]
            for result in answer["MetricDataResults"]
            if result["Values"]
        }


def _age(now: datetime, epoch_ms: float) -> float:
    return now.timestamp() - epoch_ms / 1000


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
