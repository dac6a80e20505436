"""The sensors of the stream as state machines, on a local cloud of their own.

Flink itself runs in `streaming/test_end_to_end.py`; here nobody answers where it should be.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import dagster as dg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ecom_platform.batch import Batch
from ecom_platform.contracts.verdicts import CANARY_ENTITY
from ecom_platform.defs.streaming.sensors import (
    alerts_sensor,
    flink_job_sensor,
    kinesis_stream_sensor,
)
from ecom_platform.resources.aws import CLIENTS, cloudwatch_client, dynamodb_table
from ecom_platform.resources.flink_job import ManagedFlinkJob
from ecom_platform.settings import Settings
from ecom_platform_tests.support.alert_items import put_alert
from ecom_platform_tests.support.ticks import Ticks
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

RAW_EVENTS = dg.AssetKey(["streaming", "raw_events"])
PUBLISHED_SECONDS = 6
"""The local cloud publishes the metrics of streams every five seconds."""


def failed(ticks: Ticks) -> set[tuple[str, str]]:
    """Assets and checks that a tick reported as not passed."""
    return {
        (event.asset_key.path[-1], event.check_name)
        for event in ticks.events
        if isinstance(event, dg.AssetCheckEvaluation) and not event.passed
    }


def observed(ticks: Ticks, key: dg.AssetKey) -> dict[str, Any]:
    (found,) = [
        event
        for event in ticks.events
        if isinstance(event, dg.AssetObservation) and event.asset_key == key
    ]
    return {name: value.value for name, value in found.metadata.items()}


def put(count: int, key: str = "1") -> None:
    boto3.client("kinesis").put_records(
        StreamName="ecom-raw-events",
        Records=[{"Data": b"{}", "PartitionKey": key}] * count,
    )


def read_all() -> None:
    kinesis = boto3.client("kinesis")
    for shard in kinesis.list_shards(StreamName="ecom-raw-events")["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName="ecom-raw-events",
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]
        kinesis.get_records(ShardIterator=iterator)


def test_stream_sensor_tells_silence_then_traffic_and_then_its_own_failure(
    batch: Batch, cloud: LocalCloud
) -> None:
    ticks = Ticks(kinesis_stream_sensor, batch)
    ticks.tick()
    assert failed(ticks) == {("raw_events", "records_arrive")}
    assert observed(ticks, RAW_EVENTS)["records"] == 0

    put(7)
    put(3, key="heartbeat")
    time.sleep(PUBLISHED_SECONDS)
    ticks.tick()
    assert failed(ticks) == {("raw_events", "records_are_read_in_time")}
    assert observed(ticks, RAW_EVENTS)["records"] == 7

    read_all()
    time.sleep(PUBLISHED_SECONDS)
    ticks.tick()
    assert failed(ticks) == set()
    assert observed(ticks, RAW_EVENTS)["iterator_age_seconds"] == 0

    cloud.stop()
    with pytest.raises(EndpointConnectionError):
        ticks.tick()
    cloud.start()
    ticks.tick()
    assert failed(ticks) == set()


def test_job_sensor_reports_a_job_that_cannot_be_reached(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("ECOM_FLINK_REST_URL", url)
    ticks = Ticks(flink_job_sensor, Batch.of(Settings.from_environment(), batch.instance))

    for _ in range(3):
        assert ticks.tick() == []
        assert failed(ticks) == {
            ("flink_job", "job_is_running"),
            ("flink_job", "checkpoints_complete"),
        }
    (observation,) = [e for e in ticks.events if isinstance(e, dg.AssetObservation)]
    assert observation.metadata["state"].value == "UNREACHABLE"
    assert url in str(observation.metadata["detail"].value)


def test_single_check_can_be_run_by_hand(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOM_FLINK_REST_URL", f"http://127.0.0.1:{free_port()}")
    key = dg.AssetCheckKey(dg.AssetKey(["streaming", "flink_job"]), "job_is_running")
    job = dg.define_asset_job("one", dg.AssetSelection.checks(key))
    found = dg.Definitions.merge(batch.definitions, dg.Definitions(jobs=[job]))

    result = found.resolve_job_def("one").execute_in_process(instance=batch.instance)

    (told,) = result.get_asset_check_evaluations()
    assert (told.check_name, told.passed) == ("job_is_running", False)


def test_job_that_aws_runs_is_told_by_its_api_and_its_metrics(cloud: LocalCloud) -> None:
    flink = boto3.client("kinesisanalyticsv2")
    flink.create_application(
        ApplicationName="ecom-rules",
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole="arn:aws:iam::000000000000:role/ecom-flink",
    )
    job, now = ManagedFlinkJob(application="ecom-rules"), datetime.now(UTC)
    assert job.health(now).state == "READY"

    def publish(minutes_ago: int, **values: float) -> None:
        boto3.client("cloudwatch").put_metric_data(
            Namespace="AWS/KinesisAnalytics",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "Application", "Value": "ecom-rules"}],
                    "Timestamp": now - timedelta(minutes=minutes_ago),
                    "Value": value,
                }
                for name, value in values.items()
            ],
        )

    mark = now.timestamp() * 1000 - 2500
    publish(3, numRestarts=1, lastCheckpointDuration=900, numberOfFailedCheckpoints=4)
    publish(1, numRestarts=2, lastCheckpointDuration=700, currentOutputWatermark=mark)

    health = job.health(now)
    assert (health.restart_count, health.checkpoint_age_seconds) == (2, 0.7)
    assert health.failed_checkpoint_count == 4
    assert round(health.watermark_lag_seconds or 0, 1) == 2.5

    publish(1, numberOfFailedCheckpoints=5)
    assert job.health(now).checkpoint_age_seconds is None


def table_rows(ticks: Ticks) -> object:
    """Alerts of a day, as the sensor reports the table itself, without a run."""
    (event,) = [one for one in ticks.events if isinstance(one, dg.AssetMaterialization)]
    return event.metadata["alerts"].value


def test_alerts_sensor_tells_each_change_once(batch: Batch, cloud: LocalCloud) -> None:
    ticks = Ticks(alerts_sensor, batch)
    assert ticks.tick() == []
    assert [type(event) for event in ticks.events] == [dg.AssetCheckEvaluation]

    put_alert("1", datetime.now(UTC))
    put_alert("12", datetime.now(UTC), status="resolved")
    time.sleep(4)
    assert ticks.tick() == []
    assert table_rows(ticks) == 2
    told = observed(ticks, dg.AssetKey(["streaming", "alerts"]))
    assert (told["alerts"], told["unresolved"], told["by_rule"]) == (2, 1, {"user_flood": 2})
    assert {row.data["entity"] for row in told["latest"].records} == {"user#1", "user#12"}
    assert ticks.tick() == []

    put_alert("1", datetime.now(UTC), crossing_count=2)
    time.sleep(4)
    put_alert("123", datetime.now(UTC) - timedelta(hours=23))
    assert ticks.tick() == []
    assert observed(ticks, dg.AssetKey(["streaming", "alerts"]))["alerts"] == 1
    assert table_rows(ticks) == 4

    batch.run("alerts", [("streaming", "alerts")])
    event = batch.instance.get_latest_materialization_event(dg.AssetKey(["streaming", "alerts"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["alerts"].value == 4


@pytest.mark.parametrize(
    ("age_seconds", "expected"),
    [(None, {("alerts", "canary_is_found")}), (590, set()), (610, {("alerts", "canary_is_found")})],
)
def test_alerts_sensor_says_when_the_canary_is_not_found(
    batch: Batch, cloud: LocalCloud, age_seconds: int | None, expected: set[tuple[str, str]]
) -> None:
    clear_alerts()
    name = CANARY_ENTITY.removeprefix("user#")
    if age_seconds:
        put_alert(name, datetime.now(UTC) - timedelta(seconds=5000))
        put_alert(name, datetime.now(UTC) - timedelta(seconds=age_seconds))
    ticks = Ticks(alerts_sensor, batch)
    ticks.tick()
    assert failed(ticks) == expected
    assert not [event for event in ticks.events if isinstance(event, dg.AssetMaterialization)]


def clear_alerts() -> None:
    table = boto3.resource("dynamodb").Table("ecom-alerts")
    for item in table.scan()["Items"]:
        table.delete_item(Key={"entity": item["entity"], "alert": item["alert"]})


def test_observer_may_read_and_nothing_else(cloud: LocalCloud) -> None:
    table = dynamodb_table("ecom-observer", "ecom-alerts")
    with pytest.raises(ClientError, match="AccessDenied"):
        table.put_item(Item={"entity": "user#1", "alert": "x"})
    with pytest.raises(ClientError, match="AccessDenied"):
        cloudwatch_client("ecom-observer").put_metric_data(Namespace="x", MetricData=[])
    CLIENTS.forget()
