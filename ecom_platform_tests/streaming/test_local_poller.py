"""What the poller does with answers of a function, on real streams, functions and queues."""

import base64
import io
import json
import threading
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from ecom_platform_tests.support.clouds import local_cloud, local_poller
from ecom_platform_tests.support.waiting import eventually
from infra.local.poller import ShardPoller

FUNCTION = """
import base64, boto3
def handle(event, context):
    numbers, texts = [], []
    for record in event["Records"]:
        texts.append(base64.b64decode(record["kinesis"]["data"]).decode())
        numbers.append(record["kinesis"]["sequenceNumber"])
    boto3.client("sqs").send_message(QueueUrl=%r, MessageBody=",".join(texts))
    if "raise" in texts:
        raise ValueError("raise")
    bad = [number for number, text in zip(numbers, texts) if text == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in bad]}
"""


class Bench:
    """One stream, one function that tells a queue what it was given, and a bucket of failures."""

    def __init__(self, tmp_path: Path, **mapping: Any) -> None:
        self.name, self.checkpoints = f"bench-{uuid.uuid4()}", tmp_path / "checkpoints"
        self.checkpoints.mkdir()
        self.called: list[str] = []
        self.sqs, self.kinesis = boto3.client("sqs"), boto3.client("kinesis")
        self.calls_url = self.sqs.create_queue(QueueName=f"{self.name}-calls")["QueueUrl"]
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=self.name)
        self.kinesis.create_stream(StreamName=self.name, ShardCount=1)
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("bench.py", FUNCTION % self.calls_url)
        arn = "arn:aws:{}:us-east-1:000000000000:{}"
        boto3.client("lambda").create_function(
            FunctionName=self.name,
            Runtime="python3.11",
            Handler="bench.handle",
            Role=self._role(),
            Code={"ZipFile": code.getvalue()},
        )
        self.uuid = boto3.client("lambda").create_event_source_mapping(
            FunctionName=self.name,
            EventSourceArn=arn.format("kinesis", f"stream/{self.name}"),
            StartingPosition="TRIM_HORIZON",
            BatchSize=8,
            Enabled=False,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{self.name}"}},
            **mapping,
        )["UUID"]

    def _role(self) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
        grant = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
        iam = boto3.client("iam")
        document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
        role = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=json.dumps(document))
        policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
        iam.put_role_policy(RoleName=self.name, PolicyName="tell", PolicyDocument=policy)
        return role["Role"]["Arn"]

    def put(self, *texts: str) -> list[str]:
        records: Any = [{"Data": text.encode(), "PartitionKey": "1"} for text in texts]
        answer = self.kinesis.put_records(StreamName=self.name, Records=records)
        return [record["SequenceNumber"] for record in answer["Records"]]

    def read(self, url: str) -> list[str]:
        got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        bodies = []
        while messages := got.get("Messages", []):
            for message in messages:
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return bodies

    def calls(self, *, until: str = "") -> list[str]:
        """What the function was given and not told before; empty while `until` is not there."""
        self.called += self.read(self.calls_url)
        if until and until not in self.called:
            return []
        called, self.called = self.called, []
        return called

    def mapping(self) -> Any:
        return boto3.client("lambda").get_event_source_mapping(UUID=self.uuid)

    def failures(self) -> list[dict[str, Any]]:
        """What lies in the bucket of failures; each holds what the function was given."""
        keys = [
            found["Key"] for found in self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        ]
        assert all(key.startswith(f"aws/lambda/{self.uuid}/shardId-0") for key in keys)
        bodies = [self.s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys]
        return [json.loads(body) for body in bodies]

    def given_up(self, *, count: int) -> list[dict[str, Any]]:
        assert eventually(lambda: len(self.failures()) >= count)
        return self.failures()

    def remove(self) -> None:
        boto3.client("lambda").delete_event_source_mapping(UUID=self.uuid)
        self.kinesis.delete_stream(StreamName=self.name)


@pytest.fixture(scope="module", autouse=True)
def _cloud_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with local_cloud(tmp_path_factory.mktemp("bench")):
        yield


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(tmp_path, **request.param)
    yield bench
    bench.remove()


@pytest.mark.parametrize(
    "bench", [{"BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 1}], indirect=True
)
def test_a_record_that_raises_is_isolated_by_halves(bench: Bench) -> None:
    numbers = bench.put("a", "b", "c", "d", "e", "raise", "g", "h")
    with local_poller(bench.checkpoints):
        [message] = bench.given_up(count=1)
        calls = eventually(lambda: bench.calls(until="g,h"))
    assert message["KinesisBatchInfo"]["startSequenceNumber"] == numbers[5]
    assert message["KinesisBatchInfo"]["batchSize"] == 1
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    whole, second_half = "a,b,c,d,e,raise,g,h", "e,raise,g,h"
    parts = [whole, "a,b,c,d", second_half, "e,raise", "e", "raise", "raise", "g,h"]
    assert sorted(calls) == sorted(parts)


@pytest.mark.parametrize("bench", [{"MaximumRetryAttempts": 2}], indirect=True)
def test_without_bisecting_the_rest_of_the_batch_is_given_up(bench: Bench) -> None:
    numbers = bench.put("a", "bad", "c")
    with local_poller(bench.checkpoints):
        [message] = bench.given_up(count=1)
    info = message["KinesisBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"]) == (numbers[1], numbers[2])
    assert message["requestContext"]["approximateInvokeCount"] == 3
    assert sorted(bench.calls()) == ["a,bad,c", "bad,c", "bad,c"]


@pytest.mark.parametrize("bench", [{"MaximumRecordAgeInSeconds": 60}], indirect=True)
def test_a_record_that_is_too_old_is_given_up_and_a_fresh_one_is_not(bench: Bench) -> None:
    bench.put("a")
    with local_poller(bench.checkpoints):
        assert eventually(bench.calls) == ["a"]
    assert bench.failures() == []
    poller = ShardPoller(
        {**bench.mapping(), "MaximumRecordAgeInSeconds": 60},
        "shardId-000000000000",
        checkpoint=bench.checkpoints / "aged",
        stop=threading.Event(),
    )
    old, fresh = (
        {
            "Data": text.encode(),
            "PartitionKey": "1",
            "SequenceNumber": number,
            "ApproximateArrivalTimestamp": datetime.now(UTC) - timedelta(seconds=age),
        }
        for text, number, age in (("old", "1", 62), ("fresh", "2", 0))
    )
    poller.deliver([old, fresh])
    assert eventually(bench.calls) == ["fresh"]
    [message] = bench.given_up(count=1)
    assert message["requestContext"]["condition"] == "RecordAgeExceeded"
    [record] = json.loads(message["payload"])["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == b"old"


@pytest.mark.parametrize("bench", [{"MaximumRetryAttempts": 0}], indirect=True)
def test_a_restart_goes_on_where_it_stopped(bench: Bench) -> None:
    bench.put("a", "b")
    with local_poller(bench.checkpoints):
        assert eventually(bench.calls) == ["a,b"]
    bench.put("c")
    with local_poller(bench.checkpoints):
        assert eventually(bench.calls) == ["c"]


@pytest.mark.parametrize("bench", [{}], indirect=True)
def test_a_killed_poller_delivers_the_batch_under_way_again(bench: Bench) -> None:
    bench.put("bad")
    with local_poller(bench.checkpoints) as poller:
        assert eventually(bench.calls)
        poller.kill()
        poller.wait(timeout=20)
    bench.calls()
    with local_poller(bench.checkpoints):
        assert "bad" in eventually(bench.calls)


@pytest.mark.parametrize("bench", [{"MaximumRetryAttempts": 0}], indirect=True)
def test_an_enabled_mapping_is_taken_over(bench: Bench) -> None:
    client = boto3.client("lambda")
    client.update_event_source_mapping(UUID=bench.uuid, Enabled=True)
    with local_poller(bench.checkpoints):
        assert eventually(lambda: bench.mapping()["State"] == "Disabled")
