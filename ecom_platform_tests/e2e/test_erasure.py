"""Three users ask to be forgotten, one of them a bot with alerts: nothing is left of them anywhere,
nothing brings them back, and everybody else's figures change by their rows alone.
"""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import boto3
import dagster as dg
import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands.erase import erase
from ecom_platform.defs.privacy.assets import ERASURES
from ecom_platform.defs.privacy.sensors import erasure_requests_sensor
from ecom_platform.detection.verdicts import Word
from ecom_platform.pipeline.erasure_requests import (
    ErasureRequest,
    put_request,
    read_reports,
    utc_now,
)
from ecom_platform.pipeline.verdicts import say_verdict
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import rows
from ecom_platform_tests.support.ticks import Ticks
from infra.local.cloud import LocalCloud

BUCKET = "ecom-data-local"
BOT, BUYER, CARTER, OTHER = 512345671, 512345672, 512345673, 512345674
GONE = (BOT, BUYER, CARTER)
TakeIn = Callable[..., dict[str, str]]


def date_time(day: int) -> datetime:
    return datetime(2026, 1, day, 12, tzinfo=UTC).replace(tzinfo=None)


def event(second: int, kind: str, user: int, day: int = 5, product: int = 1004856) -> str:
    at = f"2026-01-{day:02} 10:{second // 60:02}:{second % 60:02} UTC"
    return f"{at},{kind},{product},2053013555631882655,a.b,acme,10.00,{user},s-{user}"


def first_day() -> list[str]:
    return [
        *(event(n // 10, "view", BOT) for n in range(400)),
        *(event(100 + n, kind, BUYER) for n, kind in enumerate(("view", "cart", "purchase"))),
        event(200, "cart", CARTER),
        *(event(300 + n, kind, OTHER) for n, kind in enumerate(("view", "cart", "purchase"))),
        # Whose product has the number of a user who asked.
        event(400, "view", OTHER, product=BUYER),
        # Refused rows: of one who asked, and of somebody else.
        f"2026-01-05 10:09:00 UTC,view,1,1,a.b,acme,cheap,{CARTER},s-{CARTER}",
        f"2026-01-05 10:09:01 UTC,view,1,1,a.b,acme,cheap,{OTHER},s-{OTHER}",
        f"2026-01-05 10:09:02 UTC,view,{BUYER}",
    ]


def second_day() -> list[str]:
    return [event(10, "view", CARTER, 6), event(20, "purchase", OTHER, 6)]


def write(path: Path, lines: list[str]) -> Path:
    text = "\n".join([HEADER, *lines, ""]).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def archive(lines: list[dict[str, object]], name: str = "a") -> None:
    key = f"raw/stream_events/arrived_date=2026-01-07/arrived_hour=10/{name}"
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def streamed(user: int, number: int) -> dict[str, object]:
    return {
        "arrived_at": f"2026-01-07T10:00:{number:02}.000Z",
        "event_id": f"e-{user}-{number}",
        "event_time": f"2026-01-07T10:00:{number:02}Z",
        "event_type": "view",
        "product_id": 1004856,
        "price": "10.00",
        "user_id": str(user),
        "user_session": f"s-{user}",
    }


def fill_tables() -> None:
    dynamodb = boto3.resource("dynamodb")
    for user in (*GONE, OTHER):
        key = {"user_id": str(user), "user_session": f"s-{user}"}
        dynamodb.Table("ecom-user-sessions").put_item(Item=key)
        dynamodb.Table("ecom-quiet-carts").put_item(Item=key)
        alert = {"entity": f"user#{user}", "alert": "user_flood#2026-01-05"}
        dynamodb.Table("ecom-alerts").put_item(Item=alert)
    bad = {"kinesis": {"data": "bm90IGpzb24gNTEyMzQ1Njcz"}, "eventID": "shard-0:1"}
    boto3.client("s3").put_object(
        Bucket=BUCKET,
        Key="failures/session_recorder/shard-0-1.json",
        Body=json.dumps({"reason": "no JSON", "record": bad}).encode(),
    )


def everything() -> dict[str, bytes]:
    """Every version of every object but the requests."""
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET)
    return {
        f"{one['Key']}@{one['VersionId']}": s3.get_object(
            Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"]
        )["Body"].read()
        for page in pages
        for one in page.get("Versions", [])
        if not one["Key"].startswith(("privacy/", "artifacts/"))
    }


def users_of(batch: Batch) -> set[int]:
    found = rows(batch, "lake", "events", "select distinct user_id from {table}")
    return {user for (user,) in found}


def figures(batch: Batch) -> list[tuple[object, ...]]:
    columns = "event_date, audience, event_count, visitor_count, buyer_count, revenue_amount"
    return rows(batch, "marts", "daily_visitors", f"select {columns} from {{table}} order by all")


@pytest.fixture
def forgotten(batch: Batch, take_in: TakeIn, tmp_path: Path) -> Path:
    """A shop of four visitors, of whom three ask to be forgotten; returns the first export."""
    first = write(tmp_path / "first.csv", first_day())
    take_in(first, write(tmp_path / "second.csv.gz", second_day()))
    archive([streamed(BUYER, 1), streamed(OTHER, 2)])
    batch.take_in_stream()
    word = Word(BUYER, "bot", "odd", said_at=date_time(8), said_by="me")
    say_verdict(batch.tables, batch.engine, word)
    batch.rebuild()
    fill_tables()
    put_request(batch.resources.eraser.objects, ErasureRequest.of(GONE, utc_now()))
    return first


def test_nothing_is_left_of_three_users_and_nothing_brings_them_back(
    cloud: LocalCloud, batch: Batch, take_in: TakeIn, forgotten: Path
) -> None:
    saved = {key.rpartition("@")[0]: body for key, body in everything().items()}
    before = users_of(batch)
    assert before == {BOT, BUYER, CARTER, OTHER}

    done, (report,) = erase(batch)

    assert report["state"] == "verified", report["left"]
    assert done[0].exports == {"raw/exports/first.csv": 406, "raw/exports/second.csv.gz": 1}
    assert users_of(batch) == {OTHER}
    assert (date(2026, 1, 5), "all", 4, 1, 1, 10) in [
        (*row[:5], int(str(row[5]).split(".")[0])) for row in figures(batch)
    ]
    reasons = rows(batch, "marts", "restatements", "select distinct causes from {table}")
    assert any("erasure" in causes for (causes,) in reasons), reasons
    dynamodb = boto3.resource("dynamodb")
    for name in ("ecom-user-sessions", "ecom-quiet-carts", "ecom-alerts"):
        (item,) = dynamodb.Table(name).scan()["Items"]
        assert str(OTHER) in json.dumps(item, default=str)
    # Not by the search of the platform: by the bytes of all that lies there.
    left = [
        key
        for key, body in everything().items()
        for user in GONE
        if str(user).encode() in (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
    ]
    assert [key for key in left if "raw/exports/first.csv" not in key] == []
    assert "Kinesis stream ecom-raw-events" in json.dumps(report["expires"])

    said = figures(batch)

    # A rebuild of all that was ever read.
    batch.stage([file.file.file_id for file in batch.verdicts()])
    batch.rebuild()
    assert users_of(batch) == {OTHER}
    # A replay: the same events once more, by file and by stream.
    take_in(forgotten)
    archive([streamed(BUYER, 1), streamed(OTHER, 2)], "again")
    batch.take_in_stream()
    batch.rebuild()
    assert users_of(batch) == {OTHER}
    # A restore of everything as it was, tombstones left alone.
    s3 = boto3.client("s3")
    for key, body in saved.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    _, (report,) = erase(batch)
    assert report["state"] == "verified", report["left"]
    assert users_of(batch) == {OTHER}
    assert figures(batch) == said


def test_whoever_comes_back_later_is_somebody_new(
    cloud: LocalCloud, batch: Batch, take_in: TakeIn, tmp_path: Path
) -> None:
    request = ErasureRequest("r", (BUYER,), date_time(5))
    put_request(batch.resources.eraser.objects, request)

    days = [event(0, "view", BUYER), event(1, "view", OTHER), event(2, "view", BUYER, 6)]
    take_in(write(tmp_path / "later.csv", days))

    found = rows(batch, "lake", "events", "select user_id, day(event_time) from {table}")
    assert sorted(found) == [(BUYER, 6), (OTHER, 5)]
    refused = rows(
        batch, "lake", "quarantined_events", "select reason, detail, line_text from {table}"
    )
    assert refused == [("erased", "", "")]


def test_only_the_eraser_may_delete_a_version(cloud: LocalCloud) -> None:
    s3 = boto3.client("s3")
    version = s3.put_object(Bucket=BUCKET, Key="lake/x", Body=b"")["VersionId"]
    request = s3.put_object(Bucket=BUCKET, Key="privacy/requests/x.json", Body=b"")["VersionId"]
    for role in ("batch", "producer", "cleaner", "replayer", "on-call", "observer"):
        client = boto3.Session(profile_name=f"ecom-{role}").client("s3")
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.delete_object(Bucket=BUCKET, Key="lake/x", VersionId=version)
    eraser = boto3.Session(profile_name="ecom-eraser").client("s3")
    with pytest.raises(eraser.exceptions.ClientError, match="AccessDenied"):
        eraser.delete_object(Bucket=BUCKET, Key="privacy/requests/x.json", VersionId=request)
    eraser.delete_object(Bucket=BUCKET, Key="lake/x", VersionId=version)


def test_dagster_asks_works_and_is_done(
    cloud: LocalCloud, batch: Batch, take_in: TakeIn, tmp_path: Path
) -> None:
    take_in(write(tmp_path / "first.csv", [event(0, "view", BUYER), event(1, "view", OTHER)]))
    objects = batch.resources.eraser.objects

    sensor = Ticks(erasure_requests_sensor, batch)
    assert sensor.tick() == []
    assert "0 requests" in str(sensor.skipped)
    request = ErasureRequest.of([BUYER], utc_now())
    put_request(objects, request)
    while asked := sensor.tick():
        (run,) = asked
        assert run.partition_key == request.request_id
        batch.run("erasures", [("privacy", "erasures")], partition=request.request_id)
        batch.take_in()
        batch.rebuild()
    assert "all of them verified" in str(sensor.skipped)
    assert read_reports(batch.tables.objects)[request.request_id]["state"] == "verified"
    events = batch.instance.fetch_observations(
        dg.AssetRecordsFilter(ERASURES, asset_partitions=[request.request_id]), limit=9
    )
    states = {
        str(e.asset_observation.metadata["state"].value)
        for e in events.records
        if e.asset_observation
    }
    assert states >= {"requested", "running"}
    assert users_of(batch) == {OTHER}


def test_an_object_s_versions_are_not_those_of_its_neighbour(
    cloud: LocalCloud, batch: Batch
) -> None:
    s3 = boto3.client("s3")
    for key in ("aws/lambda/a", "aws/lambda/ab"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    found = batch.resources.eraser.versions_of("aws/lambda/a")
    assert [one.key for one in found] == ["aws/lambda/a"]
