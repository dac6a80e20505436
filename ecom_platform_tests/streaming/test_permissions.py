"""Each role can do its own work and nothing of its neighbour's. IAM of the local cloud decides."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ecom_platform_tests.support.clouds import session_of


def test_the_session_recorder_may_not_touch_alerts(deployed: str) -> None:
    session = session_of("ecom-session-recorder")
    key = {"entity": "user#1", "alert": "user_flood#2026"}
    dynamodb = session.resource("dynamodb")
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.Table("ecom-alerts").put_item(Item=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.Table("ecom-user-sessions").scan()
    with pytest.raises(ClientError, match=r"AccessDenied|AuthorizationError"):
        session.client("sns").publish(
            TopicArn="arn:aws:sns:us-east-1:000000000000:ecom-alerts", Message="x"
        )
    dynamodb.Table("ecom-user-sessions").update_item(
        Key={"user_id": "1", "user_session": "permission"},
        UpdateExpression="set event_count = :one",
        ExpressionAttributeValues={":one": 1},
    )


def test_the_alert_recorder_may_not_read_other_streams_or_tables(deployed: str) -> None:
    session = session_of("ecom-alert-recorder")
    kinesis = session.client("kinesis")
    assert kinesis.list_shards(StreamName="ecom-detections")["Shards"]
    assert kinesis.list_shards(StreamName="ecom-raw-events")["Shards"]
    for stream in ("ecom-dead-letters", "ecom-user-sessions"):
        with pytest.raises(ClientError, match="AccessDenied"):
            kinesis.list_shards(StreamName=stream)
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.put_record(StreamName="ecom-detections", Data=b"{}", PartitionKey="1")
    with pytest.raises(ClientError, match="AccessDenied"):
        session.resource("dynamodb").Table("ecom-user-sessions").get_item(
            Key={"user_id": "1", "user_session": "1"}
        )


def test_the_event_transformer_may_only_write_logs(deployed: str) -> None:
    session = session_of("ecom-event-transformer")
    with pytest.raises(ClientError, match="AccessDenied"):
        session.client("s3").list_objects_v2(Bucket="ecom-data-local")
    with pytest.raises(ClientError, match="AccessDenied"):
        session.client("kinesis").list_shards(StreamName="ecom-raw-events")


def test_the_heartbeat_reads_no_event_and_writes_no_other_stream(deployed: str) -> None:
    kinesis = session_of("ecom-heartbeat").client("kinesis")
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.get_shard_iterator(
            StreamName="ecom-raw-events",
            ShardId="shardId-000000000000",
            ShardIteratorType="TRIM_HORIZON",
        )
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.put_record(StreamName="ecom-detections", Data=b"{}", PartitionKey="1")


def test_flink_reads_raw_events_and_no_other_stream(deployed: str) -> None:
    """GetRecords names only its iterator; the emulator as released would ask for any stream."""
    kinesis = session_of("ecom-flink").client("kinesis")
    place: Any = {"ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}
    iterator = kinesis.get_shard_iterator(StreamName="ecom-raw-events", **place)["ShardIterator"]
    assert "Records" in kinesis.get_records(ShardIterator=iterator)
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.put_record(StreamName="ecom-raw-events", Data=b"{}", PartitionKey="1")
    others = boto3.client("kinesis").get_shard_iterator(StreamName="ecom-detections", **place)
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.get_records(ShardIterator=others["ShardIterator"])


def test_the_recommender_reads_alerts_and_affinities_and_changes_neither(deployed: str) -> None:
    session = session_of("ecom-cart-recommender")
    dynamodb = session.resource("dynamodb")
    key = {"entity": "user#1", "alert": "user_flood#2026"}
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.Table("ecom-alerts").put_item(Item=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.Table("ecom-product-affinity").put_item(Item={"product_id": 1})
    with pytest.raises(ClientError, match=r"AccessDenied|AuthorizationError"):
        session.client("sns").publish(
            TopicArn="arn:aws:sns:us-east-1:000000000000:ecom-alerts", Message="x"
        )
    assert (
        dynamodb.Table("ecom-alerts").query(
            KeyConditionExpression="entity = :entity",
            ExpressionAttributeValues={":entity": "user#0"},
        )["Items"]
        == []
    )


def test_the_batch_writes_what_goes_with_products_and_reads_no_visitor(deployed: str) -> None:
    dynamodb = session_of("ecom-batch").resource("dynamodb")
    with dynamodb.Table("ecom-product-affinity").batch_writer() as writer:
        writer.put_item(Item={"product_id": 1, "others": []})
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.Table("ecom-user-sessions").scan()
