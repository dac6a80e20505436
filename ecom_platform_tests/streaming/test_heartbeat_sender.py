"""The function that beats on AWS, as it is deployed."""

import json

import boto3

from ecom_platform_tests.streaming.conftest import sample
from ecom_platform_tests.support.kinesis_cloud import read_stream

SHARDS = 2


def test_the_deployed_sender_beats_in_every_shard_under_its_role(deployed: str) -> None:
    payload = json.dumps(sample("heartbeat_sender", "beat_once")).encode()
    answer = boto3.client("lambda").invoke(FunctionName="ecom-heartbeat-sender", Payload=payload)

    told = json.loads(answer["Payload"].read())

    assert told["beat_count"] == SHARDS
    assert told["canary_count"] in (0, 60)
    sent = [fields for fields, _ in read_stream(boto3.client("kinesis"), "ecom-raw-events")]
    assert sum(one["event_type"] == "heartbeat" for one in sent) >= SHARDS
