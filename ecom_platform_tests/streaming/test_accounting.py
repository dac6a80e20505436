"""Every event has a place, and the rules say the same over what was archived."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import duckdb
import pytest
import runtime_properties
from sql_files import rule_names

from ecom_platform.batch import Batch
from ecom_platform.detection.detections import prepare
from ecom_platform.detection.recorded_events import load_records
from ecom_platform.resources.flink_job import RestFlinkJob
from ecom_platform.simulator.replay import DUPLICATE, EVENT
from ecom_platform.simulator.scenario import parse_scenario
from ecom_platform.streaming.health import JOB_CHECKS, findings
from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support.kinesis_cloud import read_stream
from ecom_platform_tests.support.live_stream import (
    LiveStream,
    Sent,
    live_stream,
    platform_beside,
    ready,
)
from ecom_platform_tests.support.session_counts import Arrival, counted, event_of
from ecom_platform_tests.support.tables import records
from ecom_platform_tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("flink")

DRAIN_SECONDS = 60
GOOD = (EVENT, DUPLICATE)
SCENARIO = {
    "duration_seconds": 75,
    "people": {"rate": 40},
    "actors": [
        {"family": "catalog_scraping", "rate": 4, "start_seconds": 5, "duration_seconds": 60},
        {"family": "cart_hoarding", "start_seconds": 5, "duration_seconds": 60},
        {"family": "checkout_burst", "start_seconds": 15, "duration_seconds": 50},
        {"family": "timed_crawler", "rate": 1, "start_seconds": 5, "duration_seconds": 65},
        {"family": "flash_sale", "users": 150, "start_seconds": 20, "duration_seconds": 40},
    ],
    "dirt": {
        "broken_share": 0.03,
        "duplicate_share": 0.03,
        "delayed_share": 0.03,
        "longest_delay_seconds": 6,
    },
}


@dataclass
class Played:
    """A play on a live stream that has drained, and the platform beside it."""

    live: LiveStream
    sent: Sent
    batch: Batch


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with live_stream(tmp_path_factory.mktemp("accounting")) as live, platform_beside() as batch:
        scenario = parse_scenario(SCENARIO, name="accounting")
        sent = live.play(ready(scenario))

        def is_drained() -> bool:
            found = fates(live)
            return found["accepted"] + found["late"] == counted(arrivals(live, sent)).total() > 0

        assert eventually(is_drained, seconds=DRAIN_SECONDS), (fates(live), sent.counts)
        # The archives are behind by what they collect.
        wanted = len(sent.records)
        assert eventually(lambda: len(live.archived("stream_events")) == wanted)
        detections = {row["detection_id"] for row in live.rows("detections")}
        assert eventually(lambda: detections <= {row["detection_id"] for row in archived(live)})
        batch.take_in_stream()
        batch.rebuild()
        yield Played(live, sent, batch)


def fates(live: LiveStream) -> dict[str, int]:
    """What became of records in Flink."""
    return {
        "accepted": live.accepted_count(),
        "late": len(live.rows("late-events")),
        "dead": len(live.rows("dead-letters")),
    }


def arrivals(live: LiveStream, sent: Sent) -> list[Arrival]:
    """The good events as the stream holds them, repeats too."""
    good = {json.loads(r.data)["event_id"] for r in sent.records if r.what in GOOD}
    found = read_stream(boto3.client("kinesis"), "ecom-raw-events", loads=event_of)
    return [(fields, at) for fields, at in found if fields and fields.get("event_id") in good]


def archived(live: LiveStream) -> list[dict[str, Any]]:
    return [json.loads(line) for line in live.archived("stream_detections")]


def test_records_sent_are_accepted_late_or_dead_in_flink(played: Played) -> None:
    found, counts = fates(played.live), played.sent.counts
    good = sum(counts.pop(what) for what in GOOD)
    stream = arrivals(played.live, played.sent)

    assert found["dead"] == counts.total() > 0
    assert len(stream) == good
    assert found["accepted"] + found["late"] == counted(stream).total()
    assert len(played.sent.event_ids) <= counted(stream).total() < good
    reasons = Counter(row["reason"] for row in played.live.rows("dead-letters"))
    assert reasons == counts


def test_distinct_events_sent_are_in_the_lake_superseded_or_quarantined(played: Played) -> None:
    kept = {row["event_id"] for row in records(played.batch, "lake", "events")}
    refused = records(played.batch, "lake", "quarantined_stream_events")
    days = records(played.batch, "lake", "event_days")
    broken = [r for r in played.sent.records if r.what not in GOOD]

    assert kept == played.sent.event_ids
    assert sum(day["superseded_row_count"] for day in days) == 0
    assert len(refused) == len(broken)
    assert sum(day["kept_row_count"] for day in days) == len(kept)
    hours = records(played.batch, "lake", "staged_stream_hours")
    assert sum(hour["read_row_count"] for hour in hours) == len(played.sent.records)


def timely_lines(live: LiveStream) -> Iterator[bytes]:
    """The archived records as they were: repeats kept, late ones left out."""
    late = Counter(row["event_id"] for row in live.rows("late-events"))
    for line in live.archived("stream_events"):
        event_id = json.loads(line).get("event_id")
        if late[event_id] > 0:
            late[event_id] -= 1
            continue
        yield line


@pytest.fixture(scope="module")
def engine(
    played: Played, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    path = tmp_path_factory.mktemp("records") / "timely.jsonl"
    path.write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in timely_lines(played.live)))
    with duckdb.connect() as connection:
        load_records(connection, path)
        prepare(connection)
        yield connection


@pytest.mark.parametrize("rule", rule_names())
def test_rules_over_the_archive_give_the_crossings_that_flink_gave(
    played: Played, rule: str, engine: duckdb.DuckDBPyConnection
) -> None:
    groups = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
    expected = engines.duckdb_detections(engine, rule, groups)
    distinct = {row["detection_id"]: row for row in archived(played.live)}

    found = engines.FlinkRun({"detections": [*distinct.values()]}, 0.0).detections(rule)

    assert found == expected
    if rule in ("user_flood", "cart_hoarding", "checkout_burst", "catalog_scraping"):
        assert found, f"no crossing of {rule}: the comparison would prove nothing"


def test_health_of_the_job_is_what_flink_says(played: Played) -> None:
    job = RestFlinkJob(url=played.live.rest)
    # Flink fetches metrics for the next one who asks.
    assert eventually(lambda: job.health(datetime.now(UTC)).restart_count == 0)

    health = job.health(datetime.now(UTC))

    assert health.state == "RUNNING"
    # One may come due while the job still starts.
    assert (health.failed_checkpoint_count or 0) <= 1
    assert 0 <= (health.checkpoint_age_seconds or -1) < 30
    assert 0 < (health.watermark_lag_seconds or 0) < 30
    assert [f.message for f in findings(JOB_CHECKS, health) if not f.passed] == []
