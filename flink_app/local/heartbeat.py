"""Heartbeats: one record a shard that carries the time of a stream in which nothing happens.

They travel through the stream itself, behind the events that are already there, so they cannot make
a backlog late. `python -m local.heartbeat --stream ecom-raw-events`.
"""

import argparse
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

SHARD_PAGE = 1000


def record(now: datetime, hash_key: str) -> "PutRecordsRequestEntryTypeDef":
    """Return the put request of one heartbeat for the shard that owns a hash key."""
    text = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = json.dumps({"event_type": "heartbeat", "event_time": text}).encode()
    return {"Data": data, "PartitionKey": "heartbeat", "ExplicitHashKey": hash_key}


def shard_hash_keys(kinesis: "KinesisClient", stream: str) -> list[str]:
    """Return the first hash key of every open shard."""
    shards = kinesis.list_shards(StreamName=stream, MaxResults=SHARD_PAGE)["Shards"]
    open_shards = [
        shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    ]
    return [shard["HashKeyRange"]["StartingHashKey"] for shard in open_shards]


def beat(kinesis: "KinesisClient", stream: str, now: datetime) -> int:
    """Put one heartbeat into every open shard; return how many shards took it."""
    records = [record(now, key) for key in shard_hash_keys(kinesis, stream)]
    response = kinesis.put_records(StreamName=stream, Records=records)
    return len(records) - int(response["FailedRecordCount"])


def main() -> None:
    """Beat until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stream", required=True)
    parser.add_argument("--interval-seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    kinesis = boto3.client("kinesis")
    while True:
        try:
            beat(kinesis, arguments.stream, datetime.now(UTC))
        except (BotoCoreError, ClientError) as error:
            print(f"no heartbeat, trying again: {error}", flush=True)
        time.sleep(arguments.interval_seconds)


if __name__ == "__main__":
    main()
