"""End to end on Kinesis: latency, silence, and what a lost machine costs."""

import os
import statistics
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local import heartbeat

from ecom_platform_tests.streaming import engines, kinesis_cloud, traffic
from ecom_platform_tests.streaming.kinesis_cloud import Cloud, wait_for

LATENCY_LIMIT_SECONDS = 8
SHARDS = 2


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def burst(shop: traffic.Shop, user: int) -> list[traffic.Event]:
    """Thirty events within a tenth of a second, now."""
    now = (datetime.now(UTC) - shop.start) / timedelta(seconds=1)
    return [shop.event(now + number / 300, user) for number in range(30)]


def beat(cloud: Cloud, moment: datetime) -> None:
    assert heartbeat.beat(cloud.kinesis, "ecom-raw-events", moment) == SHARDS


def seconds_to_alert(cloud: Cloud) -> list[float]:
    return sorted(
        arrived - datetime.fromisoformat(row["crossed_at"]).timestamp()
        for row, arrived in cloud.rows("detections")
        if row["rule"] == "user_flood"
    )


def distinct_ids(cloud: Cloud) -> int:
    return len({row["detection_id"] for row, _ in cloud.rows("detections")})


def test_alerts_arrive_within_seconds_and_the_launcher_leaves_nothing(tmp_path: Path) -> None:
    shop = traffic.Shop(21)
    with kinesis_cloud.cloud(tmp_path) as cloud:
        cloud.create_streams(SHARDS)
        job = kinesis_cloud.launch(cloud, tmp_path)
        for user in range(20):
            cloud.send(burst(shop, user))
            beat(cloud, datetime.now(UTC))
            time.sleep(0.5)
        last = time.monotonic()
        while time.monotonic() - last < LATENCY_LIMIT_SECONDS and len(seconds_to_alert(cloud)) < 20:
            beat(cloud, datetime.now(UTC))
            time.sleep(0.5)
        latencies = seconds_to_alert(cloud)
        family = job.descendants()
        job.process.terminate()
        job.process.wait(30)
    print(f"seconds to alert: p50 {statistics.median(latencies):.2f}, max {latencies[-1]:.2f}")
    assert len(latencies) == 20
    assert latencies[-1] < LATENCY_LIMIT_SECONDS
    wait_for(lambda: not any(is_alive(pid) for pid in family), 10, "the end of all processes")


def test_machine_death_loses_no_alert_and_repeats_only_the_same_row(tmp_path: Path) -> None:
    events = sorted(traffic.mixed_traffic(31, 600, 1500, 60), key=lambda event: event.event_time)
    source = tmp_path / "events.jsonl"
    traffic.write_lines(source, events)
    thirds = [events[part * len(events) // 3 : (part + 1) * len(events) // 3] for part in range(3)]
    groups = engines.file_properties(source, tmp_path)
    connection = engines.duckdb_events(source)
    expected = Counter()
    for rule in engines.rule_names():
        for entity, crossed_at, *_ in engines.duckdb_detections(connection, rule, groups):
            expected[rule, entity, crossed_at] += 1
    with kinesis_cloud.cloud(tmp_path) as cloud:
        cloud.create_streams(SHARDS)
        job = kinesis_cloud.launch(cloud, tmp_path)
        cloud.send(thirds[0])
        wait_for(lambda: cloud.rows("detections"), 40, "the first detection")
        done = job.completed_checkpoints()
        wait_for(lambda: job.completed_checkpoints() > done, 40, "a checkpoint after it")
        cloud.send(thirds[1])
        time.sleep(1.5)
        job.kill()
        cloud.send(thirds[2])
        job = kinesis_cloud.launch(cloud, tmp_path)
        assert "resuming from checkpoint" in job.log.read_text()
        beat(cloud, traffic.START + timedelta(days=1))
        wait_for(lambda: distinct_ids(cloud) >= expected.total(), 60, "all detections")
        time.sleep(3)
        job.process.terminate()
        job.process.wait(30)
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
