"""An installation comes up from zero, again, after being broken off anywhere, and goes again."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from ecom_platform_tests.integration.test_two_installations import every_name
from infra import flink_application, preflight, smoke, stacks
from infra.deploy import STACKS, STORAGE, STREAMING, deploy, parameters_of, plan
from infra.destroy import destroy
from infra.doctor import findings
from infra.flink_application import FlinkApplication
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port
from infra.preflight import problems
from infra.stacks import DeployError

HOSTED = {
    "DagsterImage": "ecom-platform@sha256:0",
    "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/x",
    "ProtectTables": "true",
}
ALL = (*STACKS, *STREAMING, "hosting")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """A cloud without anything, but the secret that a person puts there."""
    cloud = LocalCloud(tmp_path / "cloud", free_port())
    cloud.start()
    try:
        for name, value in cloud.installation().items():
            monkeypatch.setenv(name, value)
        text = '{"client_secret": "x", "cookie_secret": "y"}'
        boto3.client("secretsmanager").create_secret(Name="ecom-oidc", SecretString=text)
        yield cloud
    finally:
        cloud.stop()


def actions(overrides: dict[str, str]) -> dict[str, str]:
    prefix = overrides.get("Prefix", "ecom-")
    return {one.stack.removeprefix(prefix): one.action for one in plan("local", overrides)}


def test_it_comes_up_twice_without_a_change_and_goes_but_for_its_data(empty: LocalCloud) -> None:
    other = {**HOSTED, "Prefix": "other-"}
    assert actions(HOSTED) == dict.fromkeys((STORAGE, *ALL), "create")
    first = deploy("local", HOSTED)
    assert actions(HOSTED) == dict.fromkeys((STORAGE, *ALL), "none")
    assert deploy("local", HOSTED) == first
    table = boto3.client("dynamodb").describe_table(TableName="ecom-alerts")["Table"]
    assert table["DeletionProtectionEnabled"]

    deploy("local", other)
    changed = [one for one in plan("local", {**HOSTED, "LogRetentionDays": "7"}) if one.changes]
    assert "modify SessionRecorderLogs (AWS::Logs::LogGroup)" in str(changed)

    assert destroy("local", HOSTED) == ["s3://ecom-data-local: the data, with all versions"]
    assert destroy("local", HOSTED)
    names = every_name()
    assert [name for name in names if name.startswith(("ecom-", "ecom_"))] == ["ecom-data-local"]
    assert [name for name in names if name.startswith("other-")]
    # Over the bucket that was kept, and beside the other installation.
    assert deploy("local", HOSTED).keys() == first.keys()
    assert actions(other) == dict.fromkeys((STORAGE, *ALL), "none")


def test_broken_off_at_each_stack_it_goes_on(
    empty: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = stacks.Stack.wait_for
    for place in range(len((STORAGE, *ALL))):
        calls = 0

        def break_off(stack: stacks.Stack, waiter: str, place: int = place) -> None:
            nonlocal calls
            calls += 1
            if calls > place:
                raise KeyboardInterrupt
            wait(stack, waiter)

        with monkeypatch.context() as patch:
            patch.setattr(stacks.Stack, "wait_for", break_off)
            with pytest.raises(KeyboardInterrupt):
                deploy("local", HOSTED)
        deploy("local", HOSTED)
        assert set(actions(HOSTED).values()) <= {"none"}
        destroy("local", HOSTED)


def test_streaming_is_a_switch(empty: LocalCloud) -> None:
    deploy("local", {"Streaming": "false"})
    assert boto3.client("kinesis").list_streams()["StreamNames"] == []
    assert set(actions({})) - set(actions({"Streaming": "false"})) == set(STREAMING)


def test_preflight_names_what_is_wrong_with_its_remedy(
    empty: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = parameters_of("local", {})
    assert problems(good) == []
    real = {**good, "IsAws": "true", "AlertEmail": "a@b.c", "RawEventsShardCount": "4"}
    monkeypatch.setattr(preflight, "free_shards", lambda: 9)
    monkeypatch.setattr(preflight, "free_functions", lambda: preflight.FUNCTIONS)
    assert problems(real) == []
    monkeypatch.setattr(preflight, "free_shards", lambda: 8)
    monkeypatch.setattr(preflight, "free_functions", lambda: preflight.FUNCTIONS - 1)
    told = "\n".join(problems({**real, "Prefix": "Ecom", "DataBucketName": "x", "AlertEmail": ""}))
    for word in ("9 Kinesis", "4 functions", "Prefix is 'Ecom'", "is 'x'", "set one of AlertEmail"):
        assert word in told
    with pytest.raises(DeployError, match="put one of your own"):
        parameters_of("aws", {})
    real = parameters_of("aws", {"DataBucketName": "shop"})
    assert (real["ProtectTables"], good["ProtectTables"]) == ("true", "false")


def test_doctor_is_silent_of_a_good_installation_and_names_what_is_wrong(
    empty: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOM_SCRATCH_DIR", str(tmp_path))
    deploy("local")
    assert smoke.build_newest_day() == "none yet: no file was delivered"
    values = parameters_of("local", {})
    assert findings(values) == []

    boto3.client("cloudformation").delete_stack(StackName="ecom-triggers")
    boto3.client("s3").put_object(Bucket="ecom-data-local", Key="failures/x/y.json", Body=b"{}")
    boto3.client("glue").delete_table(DatabaseName="ecom_lake", Name="events")
    told = "\n".join(findings(values))
    for word in ("ecom-triggers is", "replay-failures", "rebuild-catalog"):
        assert word in told


class Service:
    """Managed Flink as the deployment meets it: a list of what it says next."""

    def __init__(self, *said: str, version: int = 1, rolled_back_to: int | None = None) -> None:
        self.said, self.version, self.rolled_back_to = list(said), version, rolled_back_to
        self.started = self.stopped = 0

    def describe_application(self, **_: str) -> dict[str, Any]:
        status = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        detail = {"ApplicationStatus": status, "ApplicationVersionId": self.version}
        if self.rolled_back_to:
            detail["ApplicationVersionRolledBackTo"] = self.rolled_back_to
        return {"ApplicationDetail": detail}

    def start_application(self, **_: str) -> None:
        self.started += 1

    def stop_application(self, **_: str) -> None:
        self.stopped += 1


@pytest.mark.parametrize(
    ("service", "starts", "error"),
    [
        (Service("READY", "READY", "STARTING", "STARTING", "RUNNING"), 1, None),
        (Service("RUNNING"), 0, None),
        (Service("UPDATING", "UPDATING", "UPDATING", "RUNNING"), 0, None),
        (Service("READY", "READY", "STARTING", "READY"), 1, "did not stay up"),
        (Service("UPDATING", "UPDATING", "RUNNING", rolled_back_to=3), 0, "took version 1 back"),
    ],
)
def test_the_job_is_started_and_waited_for(
    service: Service, starts: int, error: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.flink_application.boto3.client", lambda _: service)
    application = FlinkApplication("ecom-rules", poll_seconds=0)
    if error:
        with pytest.raises(DeployError, match=error):
            application.bring_up(print)
    else:
        application.bring_up(print)
    assert service.started == starts


def test_a_job_that_never_settles_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.flink_application.boto3.client", lambda _: Service("STARTING"))
    monkeypatch.setattr(flink_application, "START_SECONDS", 0)
    with pytest.raises(DeployError, match="STARTING since"):
        FlinkApplication("ecom-rules", poll_seconds=0).bring_up(print)


def test_smoke_waits_for_the_canary(empty: LocalCloud) -> None:
    now = datetime.now(UTC)
    with pytest.raises(DeployError, match="canary-missing"):
        smoke.wait_for_canary("ecom-", now, seconds=0.2)
    boto3.client("cloudwatch").put_metric_data(
        Namespace="ecom-streaming",
        MetricData=[
            {
                "MetricName": "CanaryAlerts",
                "Dimensions": [{"Name": "service", "Value": "alert_recorder"}],
                "Value": 1,
            }
        ],
    )
    smoke.wait_for_canary("ecom-", now, seconds=5)
    assert os.environ["ECOM_PREFIX"] == "ecom-"
