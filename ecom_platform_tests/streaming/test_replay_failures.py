"""What no function could take is brought back by `make replay-failures`, and nothing else goes."""

import base64
import json
import uuid
from typing import Any

import boto3
import pytest

from ecom_platform.commands import replay_failures
from ecom_platform.resources.failed_records import FailedRecords
from ecom_platform_tests.streaming.conftest import alerts_of
from ecom_platform_tests.streaming.detections import detection

BUCKET = "ecom-data-local"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:ecom-alert-recorder"


def record_of(data: bytes) -> dict[str, Any]:
    number = str(uuid.uuid4().int)[:20]
    kinesis = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "1",
        "sequenceNumber": number,
        "data": base64.b64encode(data).decode(),
        "approximateArrivalTimestamp": 1_767_323_050.0,
    }
    return {"kinesis": kinesis, "eventSource": "aws:kinesis", "eventID": f"shardId-0:{number}"}


def put_given_up(*lines: bytes) -> str:
    """As Lambda writes it when a batch has become too old."""
    body = {
        "requestContext": {"functionArn": FUNCTION, "condition": "RecordAgeExceeded"},
        "payload": json.dumps({"Records": [record_of(line) for line in lines]}),
    }
    key = f"aws/lambda/{uuid.uuid4()}/shardId-0/2026/01/02/{uuid.uuid4()}"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(body).encode())
    return key


def put_malformed(line: bytes) -> str:
    record = record_of(line)
    key = f"failures/alert_recorder/{record['eventID'].replace(':', '-')}.json"
    body = {"reason": "rule=None: send a text", "record": record}
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(body).encode())
    return key


def keys() -> set[str]:
    return set(FailedRecords(BUCKET, "ecom-", "ecom-replayer").keys())


@pytest.fixture(autouse=True)
def _empty(deployed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOM_REPLAYER_PROFILE", "ecom-replayer")
    for key in keys():
        boto3.client("s3").delete_object(Bucket=BUCKET, Key=key)


def test_a_batch_that_came_too_late_becomes_alerts_and_its_object_goes(
    alerts_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    users = [str(uuid.uuid4()) for _ in range(2)]
    put_given_up(*(json.dumps(detection(entity_id=user)).encode() for user in users))

    replay_failures.main()

    assert all(len(alerts_of(alerts_table, f"user#{user}")) == 1 for user in users)
    assert capsys.readouterr().out == "2 records brought back, 0 stay\n"
    assert keys() == set()


def test_what_is_still_malformed_stays_and_is_told_with_its_reason(
    alerts_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    user = str(uuid.uuid4())
    mended = put_malformed(json.dumps(detection(entity_id=user)).encode())
    broken = put_malformed(b"poison")

    with pytest.raises(SystemExit, match="still refused"):
        replay_failures.main()

    assert len(alerts_of(alerts_table, f"user#{user}")) == 1
    assert "1 records brought back, 1 stay\n  1 of ecom-alert-recorder" in capsys.readouterr().out
    assert keys() == {broken}
    assert mended not in keys()


def test_a_malformed_record_of_a_late_batch_is_set_aside_and_counted_as_staying(
    alerts_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    user = str(uuid.uuid4())
    put_given_up(json.dumps(detection(entity_id=user)).encode(), b"poison")
    boto3.client("s3").put_object(Bucket=BUCKET, Key="aws/lambda/of-somebody-else", Body=b"{}")

    with pytest.raises(SystemExit, match="still refused"):
        replay_failures.main()

    assert len(alerts_of(alerts_table, f"user#{user}")) == 1
    said = capsys.readouterr().out
    assert "1 records brought back, 2 stay" in said
    assert "of-somebody-else: not what a function or Lambda writes" in said
    assert sorted(key.split("/")[0] for key in keys()) == ["aws", "failures"]
