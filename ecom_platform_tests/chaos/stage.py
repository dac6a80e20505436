"""Where faults are played: a live stream, links that can break, and what people are told.

What does not belong here: which faults there are (`faults`), and what is compared (`accounts`).
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import pytest

from ecom_platform.resources.aws import kinesis_client
from ecom_platform.resources.flink_job import RestFlinkJob
from ecom_platform.simulator.event_stream import EventStream
from ecom_platform.simulator.play import play_of
from ecom_platform.simulator.player import Player, Progress, Sink
from ecom_platform.simulator.replay import Record, Replay
from ecom_platform.simulator.scenario import parse_scenario
from ecom_platform.simulator.scene import ORIGIN_MS
from ecom_platform.simulator.wire import SourceRow, wire_time
from ecom_platform_tests.chaos.faulty_link import FaultyLink
from ecom_platform_tests.support.inbox import Inbox
from ecom_platform_tests.support.kinesis_cloud import read_stream
from ecom_platform_tests.support.live_stream import LiveStream, Sent, live_stream, next_start
from ecom_platform_tests.support.session_counts import WINDOW_SECONDS, event_of
from ecom_platform_tests.support.waiting import eventually
from infra.local import streaming
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

SECONDS, GAP = 44, (17, 30)
"""How long a play takes, and when nobody sends in it: what stops the cloud stops senders too."""
LONGEST_MS = 60_000
SCENARIO = {
    "duration_seconds": SECONDS,
    "people": {"rate": 6},
    "actors": [
        {"family": "catalog_scraping", "rate": 4, "start_seconds": 2, "duration_seconds": 40},
        {"family": "checkout_burst", "rate": 1, "start_seconds": 1, "duration_seconds": 42},
        {"family": "cart_hoarding", "rate": 2, "start_seconds": 1, "duration_seconds": 42},
    ],
}
"""Below 20 events a second, so that one play is no flood beside the quiet before it."""
USERS_APART = 10**10
"""Every play has users of its own, so that many can share a stream."""
READ_SECONDS = 60
FUNCTIONS = ("ecom-alert-recorder", "ecom-session-recorder")

Records = Iterable[Record]


@dataclass(frozen=True)
class Played:
    """A play that was sent."""

    number: int
    start_ms: int
    sent: Sent

    @property
    def first_user(self) -> int:
        return self.number * USERS_APART

    def has(self, user_id: int) -> bool:
        return self.first_user <= user_id < self.first_user + USERS_APART


@dataclass
class Stage:
    """A live stream, and what can be done to it."""

    live: LiveStream
    flink_link: FaultyLink
    dynamodb_link: FaultyLink
    inbox: Inbox
    seed: int
    plays: list[Played] = field(default_factory=list)
    kept_records: list[tuple[Any, float]] = field(default_factory=list)
    """Of a stream that is no more."""

    @property
    def cloud(self) -> LocalCloud:
        port = int(os.environ["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])
        return LocalCloud(self.live.state / "cloud", port)

    def play(
        self,
        meanwhile: Callable[["Stage", "Clock"], None],
        *,
        changed: Callable[[Records], Records],
        sink: Callable[[Sink], Sink],
    ) -> Played:
        """Play the scenario in real time, with something done meanwhile, in this thread: Flink dies
        with the thread that starts it.
        """
        number = len(self.plays) + 1
        ready = play_of(parse_scenario(SCENARIO, name="chaos"), _from_next_start, seed=self.seed)
        rows = (_of_play(row, number) for row in ready.rows if not _is_in_gap(row))
        played = Played(number, ready.replay.start_ms, Sent())
        player = Player(
            sink=sink(EventStream(client=kinesis_client("ecom-producer"), name="ecom-raw-events")),
            stop=threading.Event(),
            progress=Progress(out=StringIO()),
            noted=played.sent.records.extend,
        )
        clock = Clock(played.start_ms)
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(player.play, changed(ready.replay.records(rows)))
            meanwhile(self, clock)
            playing.result()
        self.plays.append(played)
        return played

    def raw_records(self) -> list[tuple[Any, float]]:
        """Every event of the raw stream with its time of arrival, those of former streams too."""
        found = read_stream(boto3.client("kinesis"), "ecom-raw-events", loads=event_of)
        return [*self.kept_records, *((fields, at) for fields, at in found if fields)]

    def wait_until_read(self) -> None:
        """Until the job's time has passed all that was sent, and a window more."""
        job, end = RestFlinkJob(url=self.live.rest), datetime.now(UTC)

        def is_past() -> bool:
            now = datetime.now(UTC)
            lag = job.health(now).watermark_lag_seconds
            return lag is not None and now - timedelta(seconds=lag + WINDOW_SECONDS) > end

        assert eventually(is_past, seconds=READ_SECONDS), job.health(datetime.now(UTC))


@dataclass(frozen=True)
class Clock:
    """The time of a play."""

    start_ms: int

    def wait_until(self, seconds: float) -> None:
        """Until so many seconds of the play have passed."""
        time.sleep(max(0.0, self.start_ms / 1000 + seconds - time.time()))


def _from_next_start() -> Replay:
    start_ms = next_start(longest_ms=LONGEST_MS)
    return Replay(start_ms=start_ms, replay_id=wire_time(start_ms))


def _is_in_gap(row: SourceRow) -> bool:
    begin, end = (ORIGIN_MS + 1000 * moment for moment in GAP)
    return begin <= row.time_ms < end


def _of_play(row: SourceRow, number: int) -> SourceRow:
    return row._replace(user_id=row.user_id + number * USERS_APART)


@contextmanager
def stage(
    folder: Path, *, seed: int, parameters: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """A stage of its own; Flink, and the functions' way to DynamoDB, go through links."""
    port = free_port()
    credentials = streaming.credentials
    with (
        FaultyLink(port).running() as flink_link,
        FaultyLink(port).running() as dynamodb_link,
        pytest.MonkeyPatch.context() as patch,
    ):

        def linked(name: str, prefix: str) -> dict[str, str]:
            through = {"AWS_ENDPOINT_URL": flink_link.url} if name == "flink" else {}
            return {**credentials(name, prefix), **through}

        patch.setattr(streaming, "credentials", linked)
        with live_stream(folder, cloud_port=port, parameters=parameters) as live:
            for function in FUNCTIONS:
                configure(function, {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb_link.url})
            yield Stage(live, flink_link, dynamodb_link, Inbox.opened(), seed)


def configure(function: str, variables: Mapping[str, str], **settings: Any) -> None:
    """Change a function's variables and settings."""
    client = boto3.client("lambda")
    found = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=function, Environment={"Variables": {**found, **variables}}, **settings
    )
