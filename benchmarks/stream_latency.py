"""`python -m benchmarks.stream_latency --rate R`: from put to alert in DynamoDB, hop by hop.

People make the load, and an attacker a second crosses the threshold of `user_flood`. It runs in an
environment that `infra.local` made, with Flink, on fresh streams. The last line is JSON.
What does not belong here: how fast a backlog drains (`stream_drain`), the report (`stream`).
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import boto3
import numpy as np

from benchmarks.flink_rest import JobWatch
from ecom_platform.resources.aws import kinesis_client
from ecom_platform.settings import Settings
from ecom_platform.simulator.cast import Part
from ecom_platform.simulator.event_stream import EventStream
from ecom_platform.simulator.play import play_of, replay_from_now
from ecom_platform.simulator.player import Player, Progress
from ecom_platform.simulator.replay import Record
from ecom_platform.simulator.scenario import Scenario, parse_scenario
from ecom_platform.simulator.wire import parse_wire_time, wire_time

SEED = 7
WARM_UP_SECONDS = 20
ATTACK_EVENTS_PER_SECOND = 45
LAST_ALERT_SECONDS = 30
STEP_MS = 100
"""Events are counted in steps of so many milliseconds, by `sql/steps/user_steps.sql`."""
PERCENTILES = (50, 95, 99)

Moments = dict[tuple[str, str], float]
"""User and step, as its crossing tells it → when something first happened, epoch seconds."""


@dataclass
class TimedStream:
    """The stream, and when each record was handed to it."""

    stream: EventStream
    put_at: Moments = field(default_factory=dict)

    def put(self, batch: Sequence[Record], stored: Callable[[Sequence[Record]], None]) -> int:
        now = time.time()
        for record in batch:
            self.put_at.setdefault((str(record.user_id), step_of(record.event_ms)), now)
        return self.stream.put(batch, stored)


def step_of(event_ms: int) -> str:
    """The time of the step that an event counts in, as its crossing tells it."""
    return wire_time(event_ms // STEP_MS * STEP_MS + STEP_MS - 1)


def main() -> None:
    arguments = _parser().parse_args()
    settings = Settings.from_environment()
    watch = JobWatch(str(settings.flink_rest_url))
    watch.watch(None, lambda: watch.running_at is not None)
    kinesis = kinesis_client(None)
    sink = TimedStream(EventStream(client=kinesis, name=settings.raw_events_stream))
    play = play_of(scenario(arguments.rate, arguments.seconds), replay_from_now, seed=SEED)
    player = Player(sink=sink, stop=threading.Event(), progress=Progress(), noted=lambda _: None)
    began = time.monotonic()
    player.play(play.replay.records(play.rows))
    seconds = time.monotonic() - began
    attackers = {str(user) for actor in play.actors for user in actor.user_ids}
    alerts = _alerts(settings, attackers)
    hops = hops_of(sink.put_at, _arrived(kinesis), _detected(kinesis), alerts)
    print(
        json.dumps(
            {
                "events_per_s": player.progress.sent_count / seconds,
                "attackers": len(attackers),
                "alerts": len(alerts),
                "hops_s": {name: percentiles(values) for name, values in hops.items()},
            }
        )
    )
    if len(alerts) < len(attackers):
        sys.exit(f"error: {len(attackers) - len(alerts)} attackers were not named")


def scenario(rate: float, seconds: int) -> Scenario:
    """People at a rate that leaves room for the attackers, and one attacker a second."""
    actors = [
        {
            "family": "catalog_scraping",
            "name": name,
            "rate": ATTACK_EVENTS_PER_SECOND,
            "rhythm": "timer",
            "jitter": 0.2,
            "start_seconds": second,
            "duration_seconds": 1,
            "expected_rules": ["user_flood"],
        }
        for second, name in zip(range(WARM_UP_SECONDS, seconds), names(), strict=False)
    ]
    people = {"rate": rate - ATTACK_EVENTS_PER_SECOND}
    content = {"duration_seconds": seconds + 5, "people": people, "actors": actors}
    return parse_scenario(content, name=f"latency at {rate}")


def names() -> Iterator[str]:
    """Names of attackers none of which shares user ids with another."""
    blocks: set[int] = set()
    for number in count():
        part = Part(name=f"attacker{number}", family="catalog_scraping")
        if part.block not in blocks:
            blocks.add(part.block)
            yield part.name


def hops_of(
    put: Moments, arrived: Moments, detected: Moments, recorded: Moments
) -> dict[str, list[float]]:
    """Seconds of each hop, of every alert, by the event that crossed the threshold."""
    keys = [key for key in recorded if key in put and key in arrived and key in detected]
    return {
        "put_to_stream": [arrived[key] - put[key] for key in keys],
        "stream_to_detection": [detected[key] - arrived[key] for key in keys],
        "detection_to_alert": [recorded[key] - detected[key] for key in keys],
        "put_to_alert": [recorded[key] - put[key] for key in keys],
    }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    return {f"p{p}": float(np.percentile(np.array(values), p)) for p in PERCENTILES}


def _alerts(settings: Settings, attackers: set[str]) -> Moments:
    """When the alert of each attacker was recorded, once all are or time is up."""
    table = boto3.resource("dynamodb").Table(settings.alerts_table)
    deadline = time.monotonic() + LAST_ALERT_SECONDS
    while True:
        items = table.scan(ConsistentRead=True)["Items"]
        found = {
            (str(item["entity_id"]), str(item["opened_at"])): _epoch(str(item["recorded_at"]))
            for item in items
            if item["rule"] == "user_flood" and item["entity_id"] in attackers
        }
        if len(found) >= len(attackers) or time.monotonic() > deadline:
            return found
        time.sleep(1)


def _arrived(kinesis: Any) -> Moments:  # noqa: ANN401 - boto3's own
    found: Moments = {}
    for fields, at in _records(kinesis, "ecom-raw-events"):
        moment = str(fields.get("event_time"))
        if moment != "None" and fields.get("user_id"):
            found.setdefault((str(fields["user_id"]), step_of(parse_wire_time(moment))), at)
    return found


def _detected(kinesis: Any) -> Moments:  # noqa: ANN401 - boto3's own
    return {
        (str(fields["entity_id"]), str(fields["crossed_at"])): at
        for fields, at in _records(kinesis, "ecom-detections")
        if fields["rule"] == "user_flood"
    }


def _records(kinesis: Any, stream: str) -> Iterator[tuple[dict[str, Any], float]]:  # noqa: ANN401
    """Every record of a stream, and when it arrived."""
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while records := (page := kinesis.get_records(ShardIterator=iterator))["Records"]:
            iterator = page["NextShardIterator"]
            for record in records:
                at = record["ApproximateArrivalTimestamp"].timestamp()
                yield json.loads(record["Data"]), at


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream_latency")
    parser.add_argument("--rate", type=float, required=True, help="events a second")
    parser.add_argument("--seconds", type=int, default=120, help="how long")
    return parser


if __name__ == "__main__":
    main()
