"""The real-time half as `make up` starts it: every process under its role, from put to alert."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ecom_platform_tests.integration.test_local_cloud import listening
from ecom_platform_tests.support import shop_events as traffic
from ecom_platform_tests.support.clouds import local_cloud
from ecom_platform_tests.support.kinesis_cloud import answers, read_stream
from ecom_platform_tests.support.live_stream import WITHOUT_CANARY
from ecom_platform_tests.support.processes import descendants
from ecom_platform_tests.support.waiting import eventually
from infra.deploy import deploy
from infra.local import streaming
from infra.local.cloud import ACCOUNT
from infra.local.ports import free_port
from infra.local.service import ServiceError

pytestmark = pytest.mark.usefixtures("flink")

ALERT_SECONDS = 90
PID_FILES = ("flink/flink.pid", "flink/heartbeat.pid", "poller/poller.pid")
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}
FLOODER, SCALPER, HOARDER = 800_000_001, 800_000_002, 800_000_003
TICK_SECONDS, TICKS = 0.25, 150
IRREGULAR_TICKS = {0, 1, 4, 6}
"""Sixteen acts in ten seconds, too uneven for a timer."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("end_to_end")


@pytest.fixture(scope="module")
def rest(state: Path) -> Iterator[str]:
    """The REST address of a job that runs, beside the deployed cloud, the poller and heartbeats."""
    port = free_port()
    with local_cloud(state):
        deploy("local")
        with streaming.running(state, {**os.environ, **WITHOUT_CANARY}, port):
            rest = f"http://127.0.0.1:{port}"
            assert eventually(lambda: is_running(rest), seconds=150), log_of(state, "flink")
            yield rest
            family = processes_of(state)
    assert eventually(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in family))


def is_running(rest: str) -> bool:
    jobs = (answers(f"{rest}/jobs/overview") or {"jobs": []})["jobs"]
    return any(job["tasks"]["running"] == job["tasks"]["total"] > 0 for job in jobs)


def log_of(state: Path, service: str) -> str:
    return (state / "flink" / f"{service}.log").read_text()[-3000:]


def acts(shop: traffic.Shop, tick: int) -> Iterator[tuple[int, str]]:
    """Who does what in a quarter of a second: three attackers and forty people."""
    yield from ((FLOODER, "view") for _ in range(6))
    if tick % 10 in IRREGULAR_TICKS:
        yield SCALPER, "purchase"
        yield HOARDER, "cart"
    for person in range(40):
        if shop.random.random() < 1 / 40:
            yield 500_000_000 + person, "view"


def play(shop: traffic.Shop, ticks: int) -> list[traffic.Event]:
    """Send what happens as it happens, and return it."""
    sent = []
    for tick in range(ticks):
        time.sleep(TICK_SECONDS)
        now = (datetime.now(UTC) - shop.start) / timedelta(seconds=1)
        events = [
            shop.event(now - shop.random.uniform(0, 0.2), user, kind)
            for user, kind in acts(shop, tick)
        ]
        send(events)
        sent += events
    return sent


def send(events: list[traffic.Event]) -> None:
    records: Any = [
        {"Data": json.dumps(asdict(event)).encode(), "PartitionKey": str(event.category_id)}
        for event in events
    ]
    kinesis = boto3.Session(profile_name="ecom-producer").client("kinesis")
    answer = kinesis.put_records(StreamName="ecom-raw-events", Records=records)
    assert answer["FailedRecordCount"] == 0


def scan(table: str) -> list[dict[str, Any]]:
    return list(boto3.resource("dynamodb").Table(table).scan(ConsistentRead=True)["Items"])


def archived_ids() -> set[str]:
    s3, bucket = boto3.client("s3"), "ecom-data-local"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="raw/stream_events/").get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed]
    return {json.loads(line)["event_id"] for body in bodies for line in body.splitlines()}


def test_attackers_become_alerts_within_seconds_and_nobody_else_does(rest: str) -> None:
    events = play(traffic.Shop(77), TICKS)
    expected = {
        ("user_flood", str(FLOODER)),
        ("catalog_scraping", str(FLOODER)),
        ("cart_hoarding", str(HOARDER)),
        ("checkout_burst", str(SCALPER)),
    }

    def found() -> set[tuple[str, str]]:
        return {(item["rule"], item["entity_id"]) for item in scan("ecom-alerts")}

    assert eventually(lambda: found() >= expected, seconds=ALERT_SECONDS), found()

    def counted() -> int:
        return sum(int(item["event_count"]) for item in scan("ecom-user-sessions"))

    def late() -> int:
        return len(read_stream(boto3.client("kinesis"), "ecom-late-events"))

    assert eventually(lambda: counted() + late() == len(events)), (counted(), late(), len(events))
    alerts = scan("ecom-alerts")
    for item in alerts:
        print(f"{item['rule']}: recorded {seconds_to_record(item):.1f} s after its first crossing")
    assert {item["entity_id"] for item in alerts} == {str(FLOODER), str(SCALPER), str(HOARDER)}
    assert len(alerts) == len(found())
    assert all(item["notified_as"] == item["alert_id"] for item in alerts)
    assert eventually(lambda: archived_ids() == {event.event_id for event in events})


def seconds_to_record(item: dict[str, Any]) -> float:
    first = datetime.fromisoformat(item["opened_at"])
    return (datetime.fromisoformat(item["recorded_at"]) - first).total_seconds()


def test_every_process_listens_on_loopback_only(rest: str, state: Path) -> None:
    for pid in processes_of(state):
        assert listening(pid) <= LOOPBACK


def processes_of(state: Path) -> list[int]:
    """The services of a state folder, and all that they have started."""
    found = [int((state / name).read_text()) for name in PID_FILES]
    return [*found, *(child for pid in found for child in descendants(pid))]


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
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/ecom-flink",
        RoleSessionName="test",
        DurationSeconds=900,
    )["Credentials"]
    kinesis = boto3.client(
        "kinesis",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        kinesis.put_record(StreamName="ecom-raw-events", Data=b"{}", PartitionKey="1")
