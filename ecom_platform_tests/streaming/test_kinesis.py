"""What a lost machine costs: no detection, and at most a repeat of the same row."""

import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from heartbeat_sender.sender import Sender

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import kinesis_cloud
from ecom_platform_tests.support import shop_events as traffic
from ecom_platform_tests.support.kinesis_cloud import Cloud
from ecom_platform_tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("flink")

SHARDS = 2


def beat(cloud: Cloud, moment: datetime) -> None:
    assert Sender(cloud.kinesis, "ecom-raw-events").beat(moment) == SHARDS


def distinct_ids(cloud: Cloud) -> int:
    return len({row["detection_id"] for row, _ in cloud.rows("detections")})


def test_machine_death_loses_no_alert_and_repeats_only_the_same_row(tmp_path: Path) -> None:
    events = sorted(traffic.mixed_traffic(31, 600, 1500, 60), key=lambda event: event.event_time)
    source = tmp_path / "events.jsonl"
    traffic.write_lines(source, events)
    thirds = [events[part * len(events) // 3 : (part + 1) * len(events) // 3] for part in range(3)]
    groups = engines.file_properties(source, tmp_path)
    connection = engines.duckdb_events(source)
    expected: Counter[tuple[str, str, str]] = Counter()
    for rule in engines.rule_names():
        for entity, crossed_at, *_ in engines.duckdb_detections(connection, rule, groups):
            expected[rule, entity, crossed_at] += 1
    with kinesis_cloud.cloud(tmp_path) as cloud:
        cloud.create_streams(SHARDS)
        with kinesis_cloud.launch(cloud, tmp_path) as job:
            cloud.send(thirds[0])
            wait_until(lambda: bool(cloud.rows("detections")), 90, "the first detection")
            done = job.completed_checkpoints()
            wait_until(lambda: job.completed_checkpoints() > done, 90, "a checkpoint after it")
            cloud.send(thirds[1])
            time.sleep(1.5)
            job.kill()
        cloud.send(thirds[2])
        with kinesis_cloud.launch(cloud, tmp_path) as job:
            assert "resuming from checkpoint" in job.log.read_text()
            beat(cloud, traffic.START + timedelta(days=1))
            wait_until(lambda: distinct_ids(cloud) >= expected.total(), 120, "all detections")
            time.sleep(3)
        detections = [row for row, _ in cloud.rows("detections")]
        late = cloud.rows("late-events")
        dead = cloud.rows("dead-letters")
    actual = {(row["rule"], row["entity_id"], row["crossed_at"]) for row in detections}
    by_id = {row["detection_id"]: row for row in detections}
    print(f"{len(by_id)} detections, {len(detections) - len(by_id)} sent twice, {len(late)} late")
    assert actual == set(expected)
    assert len(by_id) == expected.total()
    assert all(row == by_id[row["detection_id"]] for row in detections)
    assert late == []
    assert dead == []
