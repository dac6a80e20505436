"""The real-time half as `make up` starts it: every process under its role, from put to alert."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ecom_platform_tests.conftest import free_port
from ecom_platform_tests.integration.test_local_cloud import listening
from ecom_platform_tests.streaming import traffic
from ecom_platform_tests.streaming.conftest import eventually, local_cloud
from ecom_platform_tests.streaming.kinesis_cloud import answers
from infra.deploy import deploy
from infra.local import streaming
from infra.local.service import ServiceError

ALERT_SECONDS = 40
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}
FLOODER, SCALPER, HOARDER = 800_000_001, 800_000_002, 800_000_003


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("end_to_end")


@pytest.fixture(scope="module")
def rest(state: Path) -> Iterator[str]:
    """The REST address of a job that runs, beside the deployed cloud, the poller and heartbeats."""
    port = free_port()
    with local_cloud(state):
        deploy("local")
        with streaming.running(state, os.environ, port):
            rest = f"http://127.0.0.1:{port}"
            assert eventually(lambda: is_running(rest), seconds=120), log_of(state, "flink")
            yield rest


def is_running(rest: str) -> bool:
    jobs = (answers(f"{rest}/jobs/overview") or {"jobs": []})["jobs"]
    return any(job["tasks"]["running"] == job["tasks"]["total"] > 0 for job in jobs)


def log_of(state: Path, service: str) -> str:
    return (state / "flink" / f"{service}.log").read_text()[-3000:]


def attack(shop: traffic.Shop, second: float) -> list[traffic.Event]:
    """Three attackers and forty people, all of them within the last seconds before `second`."""
    events = [
        *shop.paced(FLOODER, second - 3, 30, 0.1),
        *shop.paced(SCALPER, second - 8, 20, 0.4, 0.5, kinds=("purchase",)),
        *(shop.event(second - 4 + number / 10, HOARDER, "cart") for number in range(21)),
    ]
    for person in range(40):
        events += shop.person(500_000_000 + person, second - 30, second)
    return sorted(events, key=lambda event: event.event_time)


def send(events: list[traffic.Event]) -> None:
    records: Any = [
        {"Data": json.dumps(asdict(event)).encode(), "PartitionKey": str(event.category_id)}
        for event in events
    ]
    kinesis = boto3.Session(profile_name=streaming.SENDER_PROFILE).client("kinesis")
    answer = kinesis.put_records(StreamName=streaming.RAW_EVENTS, Records=records)
    assert answer["FailedRecordCount"] == 0


def scan(table: str) -> list[dict[str, Any]]:
    return list(boto3.resource("dynamodb").Table(table).scan(ConsistentRead=True)["Items"])


def archived_ids() -> set[str]:
    s3, bucket = boto3.client("s3"), "ecom-data-local"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="raw/stream_events/").get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed]
    return {json.loads(line)["event_id"] for body in bodies for line in body.splitlines()}


def test_attackers_become_alerts_within_seconds_and_nobody_else_does(rest: str) -> None:
    shop = traffic.Shop(77)
    second = (datetime.now(UTC) - shop.start) / timedelta(seconds=1)
    events = attack(shop, second)
    send(events)
    sent_at = time.time()

    expected = {
        ("user_flood", str(FLOODER)),
        ("user_flood", str(HOARDER)),
        ("cart_hoarding", str(HOARDER)),
        ("checkout_burst", str(SCALPER)),
    }

    def found() -> set[tuple[str, str]]:
        return {(item["rule"], item["entity_id"]) for item in scan("ecom-alerts")}

    assert eventually(lambda: found() >= expected, seconds=ALERT_SECONDS), found()
    time.sleep(3)
    alerts = scan("ecom-alerts")
    assert found() == expected
    assert len(alerts) == len(expected)
    assert all(item["notified_as"] == item["alert_id"] for item in alerts)
    recorded = [datetime.fromisoformat(item["recorded_at"]).timestamp() for item in alerts]
    print(f"seconds from put to alert: {sorted(round(at - sent_at, 2) for at in recorded)}")

    def counted() -> int:
        return sum(int(item["event_count"]) for item in scan("ecom-user-sessions"))

    assert eventually(lambda: counted() == len(events)), counted()
    assert archived_ids() == {event.event_id for event in events}


def test_every_process_listens_on_loopback_only(rest: str, state: Path) -> None:
    launcher = (state / "flink" / "flink.pid").read_text()
    for pid in [launcher, *descendants(launcher)]:
        assert listening(int(pid)) <= LOOPBACK


def descendants(pid: str) -> list[str]:
    done = subprocess.run(
        ["/bin/ps", "-o", "pid=", "--ppid", pid], capture_output=True, text=True, check=False
    )
    children = done.stdout.split()
    return [*children, *(each for child in children for each in descendants(child))]


def test_a_taken_port_of_flink_is_told_with_the_remedy(rest: str, tmp_path: Path) -> None:
    port = int(rest.rsplit(":", 1)[1])
    with (
        pytest.raises(ServiceError, match=f"port {port} .* FLINK_PORT={port + 1}"),
        streaming.running(tmp_path, os.environ, port),
    ):
        pass


def test_a_service_that_ends_at_once_is_told_with_its_log(rest: str, tmp_path: Path) -> None:
    nowhere = {**os.environ, "AWS_ENDPOINT_URL": "no address"}
    with (
        pytest.raises(ServiceError, match=r"poller did not start(.|\n)*no address"),
        streaming.running(tmp_path, nowhere, None),
    ):
        pass


def test_heartbeats_may_not_be_sent_by_flink(rest: str) -> None:
    keys = boto3.client("sts").assume_role(
        RoleArn=streaming.FLINK_ROLE, RoleSessionName="test", DurationSeconds=900
    )["Credentials"]
    kinesis = boto3.client(
        "kinesis",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.put_record(StreamName=streaming.RAW_EVENTS, Data=b"{}", PartitionKey="1")
