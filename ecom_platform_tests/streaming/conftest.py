"""The local cloud for these tests, deployed as `make up` does it, and the poller beside it."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from ecom_platform_tests.support.clouds import local_cloud, local_poller
from ecom_platform_tests.support.inbox import Inbox
from infra.deploy import HANDLERS, deploy

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
    return partial(Inbox.opened().messages, wait_seconds=1)


def alerts_of(table: Any, entity: str) -> list[dict[str, Any]]:
    condition = Key("entity").eq(entity)
    return list(table.query(KeyConditionExpression=condition, ConsistentRead=True)["Items"])
