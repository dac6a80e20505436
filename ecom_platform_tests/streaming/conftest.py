"""The local cloud for these tests, deployed as `make up` does it, and the poller beside it."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from ecom_platform_tests.support.clouds import local_cloud, local_poller
from infra.deploy import HANDLERS, deploy

TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:ecom-alerts"
# Above anything these tests open, so that only the test of the storm meets the limit.
PARAMETERS = {"AnnouncedAlertsPerMinute": "100000"}


def sample(function: str, name: str) -> Any:
    return json.loads((HANDLERS / function / "sample_events" / f"{name}.json").read_text())


@pytest.fixture(scope="package")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cloud with every stack. The schedule rests: it would resolve the alerts of tests."""
    with local_cloud(tmp_path_factory.mktemp("streaming")) as cloud:
        deploy("local", PARAMETERS)
        boto3.client("events").disable_rule(Name="ecom-resolve-quiet-alerts")
        yield cloud.endpoint


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
