"""The function that beats on AWS, as it is deployed."""

import json
from datetime import UTC, datetime

import boto3
from common.canary import USER_ID
from heartbeat_sender.records import BURST
from heartbeat_sender.sender import Sender

from ecom_platform_tests.streaming.conftest import sample
from ecom_platform_tests.support.kinesis_cloud import read_stream
from ecom_platform_tests.support.session_counts import event_of

SHARDS = 2


def test_the_deployed_sender_beats_in_every_shard_under_its_role(deployed: str) -> None:
    payload = json.dumps(sample("heartbeat_sender", "beat_once")).encode()
    answer = boto3.client("lambda").invoke(FunctionName="ecom-heartbeat-sender", Payload=payload)

    told = json.loads(answer["Payload"].read())

    assert told["beat_count"] == SHARDS
    sent = [
        data for data, _ in read_stream(boto3.client("kinesis"), "ecom-raw-events", loads=bytes)
    ]
    assert sum(b'"heartbeat"' in data for data in sent) >= SHARDS


def test_a_canary_is_a_burst_of_one_user_in_one_shard(deployed: str) -> None:
    kinesis = boto3.client("kinesis")
    assert Sender(kinesis, "ecom-raw-events").send_canary(datetime.now(UTC)) == BURST
    found = [event for event, _ in read_stream(kinesis, "ecom-raw-events", loads=event_of) if event]
    mine = [one for one in found if one["user_id"] == USER_ID]
    assert len({one["event_id"] for one in mine}) == len(mine) >= BURST
