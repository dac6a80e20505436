"""Every alarm names its page of the runbook and tells the operator: `docs/runbook`.

The wiring is tried by values that are put; that a cause gives such a value is tried here for what
the local cloud measures itself. The emulator's alarms take all of a metric together, whatever its
dimensions, so that each alarm's dimensions are held to what is deployed.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest
from botocore.exceptions import ClientError
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus

from ecom_platform.defs.operations.sensors import dagster_pulse_sensor, stopped_instigators
from ecom_platform.resources.platform_metrics import PlatformMetrics
from ecom_platform_tests.support.alarms import ALARMS, HERE, OPERATIONS_ARN, PAGE, RUNBOOK
from ecom_platform_tests.support.clouds import local_cloud
from ecom_platform_tests.support.inbox import Inbox
from ecom_platform_tests.support.waiting import eventually
from infra.deploy import deploy


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cloud with every stack. The schedule rests: it would call a function each minute."""
    with local_cloud(tmp_path_factory.mktemp("runbook")) as cloud:
        deploy("local")
        boto3.client("events").disable_rule(Name="ecom-resolve-quiet-alerts")
        yield cloud.endpoint


@pytest.fixture(scope="module")
def inbox(deployed: str) -> Inbox:
    return Inbox.opened(OPERATIONS_ARN)


def described(name: str) -> Any:
    (found,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def put(namespace: str, name: str, value: float, dimensions: Any = ()) -> None:
    datum: Any = {"MetricName": name, "Value": value, "Dimensions": list(dimensions)}
    boto3.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])


def evaluate() -> None:
    """The emulator looks at its alarms when somebody puts a value."""
    put("runbook", "Looks", 1)


def begin_quietly(inbox: Inbox, name: str) -> None:
    """Start from `OK`, with everything read that was told before."""
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="the test begins")
    inbox.messages()
    inbox.received.clear()


def is_told(inbox: Inbox, name: str) -> Callable[[], bool]:
    return lambda: any(
        (one["AlarmName"], one["NewStateValue"]) == (name, "ALARM") for one in inbox.messages()
    )


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_alarm_names_its_page_and_whom_it_tells(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm.page, f"{name} names no page of the runbook"
    assert (RUNBOOK / f"{alarm.page}.md").is_file()
    assert alarm.properties["AlarmActions"] == [OPERATIONS_ARN]
    assert alarm.properties.get("OKActions", [OPERATIONS_ARN]) == [OPERATIONS_ARN]


def test_no_page_is_without_an_alarm() -> None:
    pages = {path.stem for path in RUNBOOK.glob("*.md")} - {"README"}
    assert pages == {alarm.page for alarm in ALARMS.values()}


def test_the_table_of_the_runbook_has_every_page_once() -> None:
    table = (RUNBOOK / "README.md").read_text()
    listed = re.findall(r"^\|[^|]*\| \[[a-z-]+\]\(([a-z-]+)\.md\)", table, re.MULTILINE)
    assert sorted(listed) == sorted({str(alarm.page) for alarm in ALARMS.values()})


def test_deployed_alarms_are_those_of_the_templates(deployed: str) -> None:
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate()
    found = {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"]}
    assert sorted(found) == HERE
    for name, one in found.items():
        assert one["AlarmDescription"] == ALARMS[name].properties["AlarmDescription"]
        assert one["AlarmActions"] == [OPERATIONS_ARN]


def _is_there(dimension: Mapping[str, str]) -> bool:
    value = dimension["Value"]
    looks: dict[str, Callable[[], object]] = {
        "FunctionName": lambda: boto3.client("lambda").get_function(FunctionName=value),
        "StreamName": lambda: boto3.client("kinesis").describe_stream_summary(StreamName=value),
        "TableName": lambda: boto3.client("dynamodb").describe_table(TableName=value),
        "DeliveryStreamName": lambda: boto3.client("firehose").describe_delivery_stream(
            DeliveryStreamName=value
        ),
        "service": lambda: boto3.client("lambda").get_function(
            FunctionName=f"ecom-{value.replace('_', '-')}"
        ),
    }
    try:
        looks[dimension["Name"]]()
    except ClientError:
        return False
    return True


@pytest.mark.parametrize("name", HERE)
def test_alarm_watches_what_there_is(deployed: str, name: str) -> None:
    for dimension in described(name)["Dimensions"]:
        assert _is_there(dimension), dimension


@pytest.mark.parametrize("name", HERE)
def test_a_breaching_value_tells_the_operator(deployed: str, inbox: Inbox, name: str) -> None:
    alarm = described(name)
    is_upper = alarm["ComparisonOperator"].startswith("GreaterThan")
    value = alarm["Threshold"] + (1 if is_upper else -1)
    begin_quietly(inbox, name)

    put(alarm["Namespace"], alarm["MetricName"], value, alarm["Dimensions"])

    assert eventually(is_told(inbox, name), seconds=10), inbox.received
    assert described(name)["StateValue"] == "ALARM"
    (told,) = [one for one in inbox.received if one["AlarmName"] == name]
    assert PAGE.search(told["AlarmDescription"])


def test_a_call_that_raises_is_told(deployed: str, inbox: Inbox) -> None:
    begin_quietly(inbox, "ecom-alert-recorder-errors")
    answer = boto3.client("lambda").invoke(FunctionName="ecom-alert-recorder", Payload=b"{}")
    assert "FunctionError" in answer
    evaluate()
    assert eventually(is_told(inbox, "ecom-alert-recorder-errors"), seconds=10)


def test_a_call_without_concurrency_is_told(deployed: str, inbox: Inbox) -> None:
    function, name = boto3.client("lambda"), "ecom-session-recorder"
    begin_quietly(inbox, f"{name}-throttles")
    function.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(ClientError, match="TooManyRequests"):
            function.invoke(FunctionName=name, Payload=b'{"Records": []}')
    finally:
        function.delete_function_concurrency(FunctionName=name)
    evaluate()
    assert eventually(is_told(inbox, f"{name}-throttles"), seconds=10)


@pytest.mark.parametrize(("stream", "count"), [("dead-letters", 51), ("late-events", 501)])
def test_many_records_beside_the_rules_are_told(
    deployed: str, inbox: Inbox, stream: str, count: int
) -> None:
    begin_quietly(inbox, f"ecom-{stream}")
    for start in range(0, count, 500):
        records: Any = [
            {"Data": b"{}", "PartitionKey": str(place)}
            for place in range(start, min(count, start + 500))
        ]
        boto3.client("kinesis").put_records(StreamName=f"ecom-{stream}", Records=records)

    def told() -> bool:
        evaluate()
        return is_told(inbox, f"ecom-{stream}")()

    assert eventually(told, seconds=20)


@pytest.mark.slow
def test_a_record_that_waits_for_more_than_a_minute_is_told(deployed: str, inbox: Inbox) -> None:
    kinesis, stream = boto3.client("kinesis"), "ecom-raw-events"
    begin_quietly(inbox, "ecom-raw-events-lag")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]
    start: Any = {"ShardId": shard["ShardId"], "ShardIteratorType": "LATEST"}
    iterator = kinesis.get_shard_iterator(StreamName=stream, **start)["ShardIterator"]
    hash_key = shard["HashKeyRange"]["StartingHashKey"]
    record: Any = {"Data": b"{}", "PartitionKey": "x", "ExplicitHashKey": hash_key}
    kinesis.put_records(StreamName=stream, Records=[record] * 2)
    time.sleep(62)
    assert len(kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"]) == 1

    def told() -> bool:
        evaluate()
        return is_told(inbox, "ecom-raw-events-lag")()

    assert eventually(told, seconds=20)


def test_failed_runs_and_stopped_sensors_are_told(
    deployed: str, inbox: Inbox, tmp_path: Path
) -> None:
    @dg.op
    def fails() -> None:
        raise ValueError("no")

    @dg.job
    def failing_job() -> None:
        fails()

    metrics = PlatformMetrics(namespace="ecom-dagster", profile="ecom-batch")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:

        def tick(cursor: str | None) -> str | None:
            resources = {"platform_metrics": metrics}
            with dg.build_sensor_context(instance, cursor, resources=resources) as context:
                return dagster_pulse_sensor.evaluate_tick(context).cursor

        cursor = tick(None)
        begin_quietly(inbox, "ecom-dagster-runs-failed")
        failing_job.execute_in_process(instance=instance, raise_on_error=False)
        cursor = tick(cursor)
        assert eventually(is_told(inbox, "ecom-dagster-runs-failed"), seconds=10)

        begin_quietly(inbox, "ecom-dagster-sensors-stopped")
        instance.add_instigator_state(a_stopped_sensor())
        assert stopped_instigators(instance, {"another"}) == []
        tick(cursor)
        assert eventually(is_told(inbox, "ecom-dagster-sensors-stopped"), seconds=10)


def a_stopped_sensor() -> InstigatorState:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")
    origin = RemoteInstigatorOrigin(repository, "alerts_sensor")
    return InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.STOPPED)
