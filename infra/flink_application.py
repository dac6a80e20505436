"""The job in the hands of Managed Service for Apache Flink: started, waited for, and rolled back.

CloudFormation makes and updates the application and starts nothing; an application that was never
started stays READY for ever. What does not belong here: its template (`streaming.yaml`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from infra.stacks import DeployError

START_SECONDS = 900
POLL_SECONDS = 5.0
ON_THE_WAY = {"STARTING", "UPDATING", "AUTOSCALING", "ROLLING_BACK", "STOPPING", "MAINTENANCE"}


@dataclass(frozen=True)
class FlinkApplication:
    """One application by its name."""

    name: str
    poll_seconds: float = POLL_SECONDS

    @property
    def client(self) -> Any:  # noqa: ANN401 - typed by its use
        return boto3.client("kinesisanalyticsv2")

    def detail(self) -> dict[str, Any]:
        found = self.client.describe_application(ApplicationName=self.name)
        return dict(found["ApplicationDetail"])

    def bring_up(self, say: Callable[[str], None]) -> None:
        """Start it unless it runs, and wait until it does.

        Raises:
            DeployError: it does not run; a version that AWS took back is told as that.

        """
        version = self.detail()["ApplicationVersionId"]
        if self.detail()["ApplicationStatus"] == "READY":
            self.client.start_application(
                ApplicationName=self.name, RunConfiguration=self._how(self.detail())
            )
            say(f"{self.name} is starting; that takes minutes")
        found = self._settled()
        status = found["ApplicationStatus"]
        if status == "READY":
            raise DeployError(f"{self.name} did not stay up; {self._why()}")
        if status != "RUNNING" or found.get("ApplicationVersionRolledBackTo"):
            raise DeployError(
                f"{self.name} is {status}: AWS took version {version} back, and the one before"
                f" runs; {self._why()}"
            )
        say(f"{self.name} runs")

    @staticmethod
    def _how(detail: dict[str, Any]) -> dict[str, Any]:
        """How the template says that it starts; told again, as a start without it might not ask."""
        described = detail.get("ApplicationConfigurationDescription", {})
        run = described.get("RunConfigurationDescription", {})
        restore = run.get("ApplicationRestoreConfigurationDescription")
        return {"ApplicationRestoreConfiguration": restore} if restore else {}

    def stop(self) -> None:
        """Stop it with a snapshot, where it runs, and wait."""
        if self.detail()["ApplicationStatus"] == "RUNNING":
            self.client.stop_application(ApplicationName=self.name)
        self._settled()

    def _settled(self) -> dict[str, Any]:
        deadline = time.monotonic() + START_SECONDS
        while (found := self.detail())["ApplicationStatus"] in ON_THE_WAY:
            if time.monotonic() > deadline:
                raise DeployError(
                    f"{self.name} is {found['ApplicationStatus']} since {START_SECONDS} s;"
                    f" {self._why()}"
                )
            time.sleep(self.poll_seconds)
        return found

    def _why(self) -> str:
        return (
            f"the reason is in the log group /aws/kinesis-analytics/{self.name}; where the state of"
            " the old rules does not fit the new ones, deploy with FlinkRestore:"
            " SKIP_RESTORE_FROM_SNAPSHOT and FlinkStartAt: the time from which to read"
        )
