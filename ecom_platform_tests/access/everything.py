"""Everything that the platform does, once: each part under its own role, with IAM enforced.

What does not belong here: what of it was recorded (`__main__`).
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands import replay_failures
from ecom_platform.commands.deliver import deliver
from ecom_platform.commands.erase import erase
from ecom_platform.definitions import session_log
from ecom_platform.defs.catalog.retention import remove_old_versions
from ecom_platform.detection.verdicts import Word
from ecom_platform.pipeline.erasure_requests import ErasureRequest, put_request, utc_now
from ecom_platform.pipeline.verdicts import say_verdict
from ecom_platform.resources.alert_desk import AlertDesk
from ecom_platform.settings import Settings
from ecom_platform.simulator.scenario import parse_scenario
from ecom_platform.webapp.reading import Reader
from ecom_platform_tests.support.live_stream import LiveStream, platform_beside, ready
from ecom_platform_tests.support.places import HEADER, ROOT
from ecom_platform_tests.support.waiting import eventually

SCENARIO = {
    "duration_seconds": 45,
    "people": {"rate": 40},
    "actors": [
        {"family": "user_flood", "rate": 20, "start_seconds": 2, "duration_seconds": 20},
        {"family": "cart_hoarding", "rate": 5, "start_seconds": 2, "duration_seconds": 25},
    ],
}
ROW = "2026-01-05 10:{n:02}:00 UTC,view,{n},1,a.b,acme,10.00,{user},s-{user}"
USER = 512345671
STREAMS = ("detections", "user-sessions", "quiet-carts")
HANDLERS = ROOT / "lambda_handlers"


def stream(live: LiveStream) -> None:
    """Attackers become alerts, sessions are kept, quiet carts are told, bad records set aside."""
    live.play(ready(parse_scenario(SCENARIO, name="access")))
    kinesis = boto3.client("kinesis")
    for name in STREAMS:
        kinesis.put_record(StreamName=f"ecom-{name}", Data=b"no json", PartitionKey="1")
    assert eventually(lambda: live.items("alerts"), seconds=90)
    assert eventually(lambda: live.items("quiet-carts"), seconds=90)
    assert eventually(lambda: len(failures()) >= len(STREAMS), seconds=90), failures()
    event = (HANDLERS / "alert_recorder/sample_events/resolve_schedule.json").read_bytes()
    boto3.client("lambda").invoke(FunctionName="ecom-alert-recorder", Payload=event)


def flooder(live: LiveStream) -> int:
    """A user with alerts."""
    return next(int(i["entity_id"]) for i in live.items("alerts") if i["entity"] != "site#all")


def failures() -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket="ecom-data-local", Prefix="failures/")
    return [one["Key"] for one in found.get("Contents", [])]


def batch(folder: Path, platform: Batch) -> None:
    """Files and the archive become marts; a person overrules; the catalog is made anew."""
    path = folder / "events.csv"
    rows = [ROW.format(n=n, user=USER + n % 3) for n in range(30)]
    path.write_text("\n".join([HEADER, *rows, ""]))
    deliver([path], Settings.from_environment())
    platform.take_in()
    platform.take_in_stream()
    platform.rebuild()
    platform.serve()
    word = Word(USER, "bot", "odd", said_at=utc_now(), said_by="me")
    say_verdict(platform.tables, platform.engine, word)
    platform.rebuild()


def people(live: LiveStream, platform: Batch) -> None:
    """Who is on call answers, who looks at the dashboard reads and judges."""
    settings = Settings.from_environment()
    alert = live.items("alerts")[0]
    now = datetime.now(UTC)
    desk = AlertDesk(settings.alerts_table, settings.on_call_profile)
    desk.acknowledge(alert["entity"], now, "me")
    desk.mute(alert["entity"], now + timedelta(hours=1), "our load test", "me")
    reader = Reader.of(settings)
    assert reader.days()
    tables = reader.resources.tables
    word = Word(USER + 1, "person", "known", said_at=utc_now(), said_by="me")
    say_verdict(tables, reader.resources.engine, word)
    log = session_log(settings)
    log.quiet_carts(log.active(now - timedelta(hours=1), now, 10))
    platform.rebuild()


def watchers(platform: Batch) -> None:
    """Sensors and checks that look at the stream, and the pulse."""
    found = platform.resources
    now = datetime.now(UTC)
    names = [f"ecom-{name}" for name in ("raw-events", *STREAMS)]
    found.stream_metrics.health(names, now)
    for alert in found.alert_log.changed(now - timedelta(hours=1), now):
        found.alert_log.evidence(alert)
    found.alert_log.canary_crossed_at()
    found.platform_metrics.put({"RunsFailed": 0})


def keepers(platform: Batch, alerted: int) -> None:
    """Failed records are given back, old versions removed, a user is forgotten."""
    event = json.loads((HANDLERS / "session_recorder/sample_events/kinesis_batch.json").read_text())
    good = {"reason": "mended since", "record": event["Records"][0]}
    boto3.client("s3").put_object(
        Bucket="ecom-data-local",
        Key="failures/session_recorder/shardId-000000000000-1.json",
        Body=json.dumps(good).encode(),
    )
    with pytest.raises(SystemExit, match="still refused"):
        replay_failures.main()
    remove_old_versions(platform.resources.cleaner, utc_now() + timedelta(days=2))
    put_request(platform.resources.eraser.objects, ErasureRequest.of([USER, alerted], utc_now()))
    erase(platform)


def everything(live: LiveStream, folder: Path, say: Callable[[str], None]) -> None:
    say("attackers, sessions, quiet carts, bad records …")
    stream(live)
    with platform_beside() as platform:
        for what, step in {
            "files and the archive, to the last mart": lambda: batch(folder, platform),
            "on call, and at the dashboard": lambda: people(live, platform),
            "sensors and checks": lambda: watchers(platform),
            "failures, old versions, a user to forget": lambda: keepers(platform, flooder(live)),
        }.items():
            say(f"{what} …")
            step()  # type: ignore[no-untyped-call]
