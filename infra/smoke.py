"""`python -m infra.smoke ENVIRONMENT`: whether a deployment works, by what it is for.

The burst of the canary, a user that does not exist, must become an alert, and the newest day must
build.
Ends with 1 and the reason where one of them does not.
"""

import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import boto3
import dagster as dg

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.settings import Settings
from infra.deploy import parameters_of, parser_of
from infra.preflight import has_streaming, is_real
from infra.stacks import DeployError

CANARY_SECONDS = 900
"""Two bursts and their way through the stream, with time to spare."""
POLL_SECONDS = 15.0


def wait_for_canary(prefix: str, since: datetime, seconds: float = CANARY_SECONDS) -> None:
    """Wait until the recorder has told of an alert of the canary.

    Raises:
        DeployError: none came.

    """
    cloudwatch = boto3.client("cloudwatch")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = cloudwatch.get_metric_statistics(
            Namespace=f"{prefix}streaming",
            MetricName="CanaryAlerts",
            Dimensions=[{"Name": "service", "Value": "alert_recorder"}],
            StartTime=since - timedelta(minutes=5),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        if any(point["Sum"] for point in found["Datapoints"]):
            return
        time.sleep(min(POLL_SECONDS, seconds / 10))
    raise DeployError(
        f"no alert of the canary in {seconds:.0f} s: see docs/runbook/canary-missing.md"
    )


def build_newest_day() -> str:
    """Take in what was delivered and build it, as the daily batch does; says which day is newest.

    Raises:
        RunFailedError: a step failed.

    """
    with dg.DagsterInstance.ephemeral() as instance:
        batch = Batch.of(Settings.from_environment(), instance)
        batch.prepare_catalog()
        batch.take_in()
        batch.rebuild()
        days = batch.data_days()
    return str(max(days)) if days else "none yet: no file was delivered"


def variables_of(values: Mapping[str, str]) -> dict[str, str]:
    """What the platform must know of an installation; its roles are profiles of the same names."""
    prefix = values["Prefix"]
    found = {
        "ECOM_ENVIRONMENT": "aws" if is_real(values) else "local",
        "ECOM_PREFIX": prefix,
        "ECOM_DATA_BUCKET": values["DataBucketName"],
    }
    return {name: os.environ.get(name, value) for name, value in found.items()}


def main() -> None:
    parser = parser_of("smoke", __doc__)
    values = parameters_of(parser.parse_args().environment, {})
    os.environ.update(variables_of(values))
    try:
        print(f"newest day: {build_newest_day()}")
        if has_streaming(values):
            print("waiting for an alert of the canary …", flush=True)
            wait_for_canary(values["Prefix"], datetime.now(UTC))
            print("the canary was found")
    except (DeployError, RunFailedError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
