"""From Kinesis through the deployed functions to the tables, delivered by the local poller."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from ecom_platform_tests.streaming.conftest import alerts_of, sample
from ecom_platform_tests.streaming.detections import detection
from ecom_platform_tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("poller")


def put(stream: str, records: list[bytes], *, key: str) -> list[str]:
    answer = boto3.client("kinesis").put_records(
        StreamName=f"ecom-{stream}",
        Records=[{"Data": record, "PartitionKey": key} for record in records],
    )
    assert answer["FailedRecordCount"] == 0
    return [record["SequenceNumber"] for record in answer["Records"]]


def as_lines(detections: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(each).encode() for each in detections]


def set_aside(function: str, numbers: list[str]) -> dict[str, Any]:
    """What lies in S3 of these records, by their sequence number."""
    s3, bucket = boto3.client("s3"), "ecom-data-local"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"failures/{function}/").get("Contents", [])
    found = {}
    for key in [each["Key"] for each in listed]:
        number = key.removesuffix(".json").rsplit("-", 1)[1]
        if number in numbers:
            found[number] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return found


def data_of(failure: dict[str, Any]) -> bytes:
    return base64.b64decode(failure["record"]["kinesis"]["data"])


def test_fifty_crossings_of_one_person_are_one_alert_and_one_message(
    alerts_table: Any, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    entity_id = str(uuid.uuid4())
    lines = as_lines([detection(entity_id=entity_id, seconds=7 * n) for n in range(50)])
    put("detections", lines, key=entity_id)

    def finished() -> list[dict[str, Any]] | None:
        items = alerts_of(alerts_table, f"user#{entity_id}")
        return items if items and items[0]["crossing_count"] == 50 else None

    [item] = eventually(finished)
    assert item["status"] == "updated"
    said = [each["alert_id"] for each in inbox() if each["entity_id"] == entity_id]
    assert said == [item["alert_id"]]


def test_the_same_batch_three_times_changes_nothing(alerts_table: Any) -> None:
    entity_id = str(uuid.uuid4())
    lines = as_lines([detection(entity_id=entity_id, seconds=400 * n) for n in range(20)])
    put("detections", lines, key=entity_id)
    assert eventually(
        lambda: sum(i["crossing_count"] for i in alerts_of(alerts_table, f"user#{entity_id}")) == 20
    )
    time.sleep(1)
    before = alerts_of(alerts_table, f"user#{entity_id}")
    for _ in range(2):
        put("detections", lines, key=entity_id)
    marker = str(uuid.uuid4())
    put("detections", as_lines([detection(entity_id=marker)]), key=entity_id)
    assert eventually(lambda: alerts_of(alerts_table, f"user#{marker}"))
    assert alerts_of(alerts_table, f"user#{entity_id}") == before


def test_one_poison_record_of_a_hundred_is_set_aside_alone_with_its_content(
    alerts_table: Any,
) -> None:
    users = [f"{uuid.uuid4()}" for _ in range(99)]
    lines = as_lines([detection(entity_id=user) for user in users])
    lines.insert(50, b"poison")
    numbers = put("detections", lines, key="one shard")
    assert eventually(
        lambda: all(len(alerts_of(alerts_table, f"user#{user}")) == 1 for user in users)
    )
    failures = set_aside("alert_recorder", numbers)
    assert list(failures) == [numbers[50]]
    assert data_of(failures[numbers[50]]) == b"poison"
    assert "send one JSON object" in failures[numbers[50]]["reason"]


def test_the_latest_state_of_a_session_stays_whatever_comes_after() -> None:
    session = str(uuid.uuid4())
    states = [
        {
            **sample("session_recorder", "session_state"),
            "user_session": session,
            "as_of_at": f"2026-01-02T03:04:{second:02}.000Z",
            "event_count": second,
        }
        for second in (10, 30, 20)
    ]
    lines = [json.dumps(state).encode() for state in states]
    numbers = put("user-sessions", [*lines, b"poison"], key=session)
    assert eventually(lambda: set_aside("session_recorder", numbers))
    table = boto3.resource("dynamodb").Table("ecom-user-sessions")
    item = table.get_item(Key={"user_id": "541312140", "user_session": session})["Item"]
    assert (item["event_count"], item["as_of_at"]) == (30, "2026-01-02T03:04:30.000Z")
    assert item["cart_amount"] == "259.98"
    numbers = put("user-sessions", [lines[1], lines[0], b"poison again"], key=session)
    assert eventually(lambda: set_aside("session_recorder", numbers))
    assert table.get_item(Key={"user_id": "541312140", "user_session": session})["Item"] == item


def test_every_record_but_a_heartbeat_reaches_the_archive_as_one_line() -> None:
    event = sample("event_transformer", "raw_event")
    events = [{**event, "event_id": str(uuid.uuid4())} for _ in range(3)]
    lines = [json.dumps(each, indent=1).encode() for each in events]
    heartbeat = b'{"event_type": "heartbeat", "event_time": "2026-01-02T03:04:05.000Z"}'
    put("raw-events", [*lines[:2], b"poison", heartbeat, lines[2]], key="1")

    ids = {each["event_id"] for each in events}
    poison = base64.b64encode(b"poison").decode()

    def lines_of_test() -> list[dict[str, Any]]:
        """Others put events into the same stream."""
        found = [json.loads(line) for line in archived("stream_events")]
        return [
            one
            for one in found
            if one.get("event_id") in ids or one.get("unreadable_base64") == poison
        ]

    assert eventually(lambda: len(lines_of_test()) >= 4)
    found = lines_of_test()
    assert all(line.pop("arrived_at") for line in found)
    assert found == [*events[:2], {"unreadable_base64": poison}, events[2]]


def test_detections_are_archived_as_lines() -> None:
    marker = str(uuid.uuid4())
    sent = [detection(entity_id=marker, seconds=second) for second in (0, 1)]
    put("detections", as_lines(sent), key=marker)

    def mine() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in archived("stream_detections") if line != "poison"]
        return [each for each in found if each["entity_id"] == marker]

    assert eventually(mine) == sent


def archived(archive: str) -> list[str]:
    bodies = archived_bodies(archive)
    assert all(body.endswith(b"\n") for body in bodies)
    return [line for body in bodies for line in body.decode().splitlines()]


def test_archive_collects_puts_into_one_object_and_costs_the_sender_little() -> None:
    """The emulator as released calls the function for each record: 500 took seconds."""
    marker = str(uuid.uuid4())
    event = json.dumps({**sample("event_transformer", "raw_event"), "user_session": marker})
    sleep_until_archives_are_empty()
    before = time.monotonic()
    for _ in range(3):
        put("raw-events", [event.encode()] * 500, key="1")
    assert time.monotonic() - before < 2

    def mine() -> list[int]:
        """How many of these lines each object holds."""
        found = [body.count(marker.encode()) for body in archived_bodies("stream_events")]
        return [count for count in found if count]

    assert eventually(lambda: sum(mine()) == 1500)
    assert mine() == [1500]


def sleep_until_archives_are_empty() -> None:
    """Longer than the local archives collect (`infra/parameters/local.yaml`)."""
    time.sleep(6)


def archived_bodies(archive: str) -> list[bytes]:
    s3, bucket = boto3.client("s3"), "ecom-data-local"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"raw/{archive}/")
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    return [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]


def test_the_transformer_answers_the_sample_batch_record_by_record() -> None:
    batch = sample("event_transformer", "firehose_batch")
    answer = boto3.client("lambda").invoke(
        FunctionName="ecom-event-transformer", Payload=json.dumps(batch).encode()
    )
    records = json.loads(answer["Payload"].read())["records"]
    results = ["Ok", "Ok", "Ok", "Ok", "Dropped"]
    assert [record["result"] for record in records] == results
    assert [record["recordId"] for record in records] == [r["recordId"] for r in batch["records"]]
    assert base64.b64decode(records[1]["data"]).count(b"\n") == 1
    assert json.loads(base64.b64decode(records[2]["data"])) == {
        "arrived_at": "2026-01-02T03:04:06.002Z",
        "unreadable_base64": base64.b64encode(b'{"event_id": ').decode(),
    }


def test_the_deployed_recorder_sets_aside_only_the_bad_record_of_the_sample_batch() -> None:
    for function in ("alert_recorder", "session_recorder"):
        batch = sample(function, "kinesis_batch")
        answer = boto3.client("lambda").invoke(
            FunctionName=f"ecom-{function.replace('_', '-')}", Payload=json.dumps(batch).encode()
        )
        numbers = [record["kinesis"]["sequenceNumber"] for record in batch["Records"]]
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
        assert list(set_aside(function, numbers)) == [numbers[1]]


def test_the_schedule_resolves_what_has_been_quiet(alerts_table: Any) -> None:
    entity_id = str(uuid.uuid4())
    put("detections", as_lines([detection(entity_id=entity_id)]), key=entity_id)
    assert eventually(lambda: alerts_of(alerts_table, f"user#{entity_id}"))
    task = json.dumps(sample("alert_recorder", "resolve_schedule")).encode()
    boto3.client("lambda").invoke(FunctionName="ecom-alert-recorder", Payload=task)
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert item["status"] == "resolved"
