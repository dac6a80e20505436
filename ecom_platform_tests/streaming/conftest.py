"""The local cloud for these tests, deployed as `make up` does it, and the poller beside it."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from ecom_platform.resources.aws import forget_clients
from infra.deploy import HANDLERS, ROOT, deploy
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:ecom-alerts"
# Above anything these tests open, so that only the test of the storm meets the limit.
PARAMETERS = {"AnnouncedAlertsPerMinute": "100000", "MaximumRetryAttempts": "2"}


def sample(function: str, name: str) -> Any:
    return json.loads((HANDLERS / function / "sample_events" / f"{name}.json").read_text())


@contextmanager
def local_cloud(folder: Path) -> Iterator[str]:
    """A local cloud of its own, which boto3's default clients reach while it runs."""
    cloud = LocalCloud(folder / "cloud", free_port())
    with pytest.MonkeyPatch.context() as patch:
        cloud.start()
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        forget_clients()
        try:
            yield cloud.endpoint
        finally:
            forget_clients()
            cloud.stop()


@contextmanager
def local_poller(checkpoints: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The poller; it must end well on SIGTERM, unless the test has killed it."""
    command = [sys.executable, "-m", "infra.local.poller", str(checkpoints)]
    with (checkpoints.parent / "poller.log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        try:
            yield process
        finally:
            was_killed = process.poll() is not None
            process.terminate()
            code = process.wait(timeout=20)
    assert was_killed or code == 0
    assert "Traceback" not in (checkpoints.parent / "poller.log").read_text()


@pytest.fixture(scope="package")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cloud with every stack. The schedule rests: it would resolve the alerts of tests."""
    with local_cloud(tmp_path_factory.mktemp("streaming")) as url:
        deploy("local", PARAMETERS)
        boto3.client("events").disable_rule(Name="ecom-resolve-quiet-alerts")
        yield url


@pytest.fixture(scope="module")
def poller(deployed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with local_poller(tmp_path_factory.mktemp("poller") / "checkpoints"):
        yield


@pytest.fixture
def alerts_table(deployed: str) -> Any:
    return boto3.resource("dynamodb").Table("ecom-alerts")


@pytest.fixture
def inbox(deployed: str) -> Callable[[], list[dict[str, Any]]]:
    """What the alerts topic has said since the test began."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"inbox-{uuid.uuid4()}")["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    queue_arn = answer["Attributes"]["QueueArn"]
    sender = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
    grant = {**sender, "Action": "sqs:SendMessage", "Resource": queue_arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    boto3.client("sns").subscribe(TopicArn=TOPIC_ARN, Protocol="sqs", Endpoint=queue_arn)
    said: list[dict[str, Any]] = []

    def read() -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        while messages := got.get("Messages", []):
            said.extend(json.loads(json.loads(each["Body"])["Message"]) for each in messages)
            for each in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return said

    return read


def alerts_of(table: Any, entity: str) -> list[dict[str, Any]]:
    condition = Key("entity").eq(entity)
    return list(table.query(KeyConditionExpression=condition, ConsistentRead=True)["Items"])


WITH_FLINK = {
    "test_accounting.py",
    "test_bad_records.py",
    "test_end_to_end.py",
    "test_flink_crash.py",
    "test_kinesis.py",
    "test_phases.py",
    "test_rules.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A Flink beside takes minutes, and an environment of its own."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name in WITH_FLINK:
            item.add_marker(pytest.mark.slow)
