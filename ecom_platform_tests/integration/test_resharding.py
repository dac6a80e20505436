"""What a split leaves of a stream on the local cloud is what it leaves on AWS."""

import boto3

from infra.local.cloud import LocalCloud

NAME = "split"


def test_a_closed_shard_is_read_to_its_end_and_takes_no_record(cloud: LocalCloud) -> None:
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName=NAME, ShardCount=1)
    kinesis.put_record(StreamName=NAME, Data=b"before", PartitionKey="1")
    half = str(2**127)

    kinesis.split_shard(
        StreamName=NAME, ShardToSplit="shardId-000000000000", NewStartingHashKey=half
    )
    for hash_key in ("0", half):
        kinesis.put_record(
            StreamName=NAME, Data=hash_key.encode(), PartitionKey="1", ExplicitHashKey=hash_key
        )

    shards = {shard["ShardId"]: shard for shard in kinesis.list_shards(StreamName=NAME)["Shards"]}
    ended = [n for n, s in shards.items() if "EndingSequenceNumber" in s["SequenceNumberRange"]]
    assert ended == ["shardId-000000000000"]
    assert {shards[name].get("ParentShardId") for name in shards} == {None, *ended}
    summary = kinesis.describe_stream_summary(StreamName=NAME)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2
    found = {}
    for name in shards:
        iterator = kinesis.get_shard_iterator(
            StreamName=NAME, ShardId=name, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        page = kinesis.get_records(ShardIterator=iterator)
        found[name] = [record["Data"] for record in page["Records"]]
        assert ("NextShardIterator" in page) == (name not in ended)
    assert sorted(found.values()) == [[b"0"], [half.encode()], [b"before"]]
    kinesis.delete_stream(StreamName=NAME)
