"""The real-time half in a folder of its own, as `make up` starts it, with the platform beside it.

What does not belong here: what is played on it, and what a test asks of it.
"""

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest

from ecom_platform.batch import Batch
from ecom_platform.resources.aws import kinesis_client
from ecom_platform.settings import Settings
from ecom_platform.simulator.event_stream import EventStream
from ecom_platform.simulator.play import Play, play_of
from ecom_platform.simulator.player import Player, Progress
from ecom_platform.simulator.replay import EVENT, Record, Replay
from ecom_platform.simulator.scenario import Scenario
from ecom_platform.simulator.wire import wire_time
from ecom_platform_tests.support.clouds import local_cloud
from ecom_platform_tests.support.flink_environment import flink_python
from ecom_platform_tests.support.kinesis_cloud import answers, read_stream
from ecom_platform_tests.support.processes import descendants, kill
from ecom_platform_tests.support.waiting import eventually
from infra.deploy import deploy
from infra.local import streaming
from infra.local.ports import free_port

START_SECONDS = 150
WITHOUT_CANARY = {streaming.CANARY_VARIABLE: "0"}


@dataclass
class Sent:
    """The records that the stream took, in order."""

    records: list[Record] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many of each kind: events, duplicates, and each defect."""
        return Counter(record.what for record in self.records)

    @property
    def event_ids(self) -> set[str]:
        return {json.loads(r.data)["event_id"] for r in self.records if r.what == EVENT}


@dataclass
class LiveStream:
    """A running stream: a folder of state, and where Flink answers."""

    state: Path
    port: int

    @property
    def rest(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_running(self) -> bool:
        jobs = (answers(f"{self.rest}/jobs/overview") or {"jobs": []})["jobs"]
        return any(job["tasks"]["running"] == job["tasks"]["total"] > 0 for job in jobs)

    def wait_until_running(self) -> None:
        log = (self.state / "flink" / "flink.log").read_text()[-2000:]
        assert eventually(self.is_running, seconds=START_SECONDS), log

    def kill_flink(self) -> None:
        """SIGKILL for the launcher, Python and the JVM at once, as a lost machine would."""
        launcher = int((self.state / "flink" / "flink.pid").read_text())
        kill([launcher, *descendants(launcher)])
        assert eventually(lambda: not self.is_running())

    def forget_state(self) -> None:
        """Stop Flink, and start it without a checkpoint next time."""
        streaming.flink(self.state, self.port).stop()
        shutil.rmtree(self.state / "flink" / "checkpoints")

    def start_flink(self) -> None:
        service = streaming.flink(self.state, self.port)
        service.start({**os.environ, **streaming.credentials("flink", "ecom-")})
        self.wait_until_running()

    def play(self, play: Play) -> Sent:
        """Play in real time to the end."""
        sent = Sent()
        client = kinesis_client("ecom-producer")
        Player(
            sink=EventStream(client=client, name="ecom-raw-events"),
            stop=threading.Event(),
            progress=Progress(),
            noted=sent.records.extend,
        ).play(play.replay.records(play.rows))
        return sent

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """Every record of a stream."""
        return [fields for fields, _ in read_stream(boto3.client("kinesis"), f"ecom-{stream}")]

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table."""
        found = boto3.resource("dynamodb").Table(f"ecom-{table}")
        pages = found.meta.client.get_paginator("scan").paginate(
            TableName=found.name, ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]

    def restarts(self) -> int:
        """How often Flink has started the job anew."""
        (job,) = answers(f"{self.rest}/jobs/overview")["jobs"]
        path = f"{self.rest}/jobs/{job['jid']}/metrics?get=numRestarts"
        (metric,) = eventually(lambda: answers(path))
        return int(metric["value"])

    def accepted_count(self) -> int:
        """Events that Flink counted in sessions, as the table holds their newest states."""
        return sum(int(item["event_count"]) for item in self.items("user-sessions"))

    def archived(self, archive: str) -> list[bytes]:
        """Every line of an archive, as often as it lies there."""
        s3, bucket = boto3.client("s3"), "ecom-data-local"
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"raw/{archive}/"
        )
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
        return [line for body in bodies for line in body.splitlines()]


@contextmanager
def live_stream(
    folder: Path,
    *,
    canary_seconds: int = 0,
    cloud_port: int | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[LiveStream]:
    """A cloud, deployed, with poller, Flink and heartbeats; all of it is gone afterwards.

    Without a canary, unless it is asked for: it would be one more alert.
    """
    flink_python()
    live = LiveStream(folder, free_port())
    with local_cloud(folder, cloud_port) as cloud, pytest.MonkeyPatch.context() as patch:
        deploy("local", parameters)
        for name, value in cloud.installation().items():
            patch.setenv(name, value)
        patch.setenv("ECOM_SCRATCH_DIR", str(folder))
        patch.setenv("ECOM_FLINK_REST_URL", live.rest)
        patch.setenv(streaming.CANARY_VARIABLE, str(canary_seconds))
        with streaming.running(folder, os.environ, live.port):
            live.wait_until_running()
            try:
                yield live
            finally:
                # One that a test has started anew is not known to whoever started the first.
                streaming.flink(folder, live.port).stop()


@contextmanager
def platform_beside() -> Iterator[Batch]:
    """The platform on that cloud, with an instance of its own."""
    with dg.DagsterInstance.ephemeral() as instance:
        batch = Batch.of(Settings.from_environment(), instance, say=lambda _: None)
        batch.prepare_catalog()
        yield batch


def ready(scenario: Scenario, *, seed: int = 7) -> Play:
    """A scenario made ready; it starts when windows begin alike."""
    return play_of(scenario, replay_from_next_start, seed=seed)


def replay_from_next_start() -> Replay:
    start_ms = next_start()
    return Replay(start_ms=start_ms, replay_id=wire_time(start_ms))


PERIOD_MS, LONGEST_PLAY_MS = 300_000, 90_000
"""An alert is said again in each five minutes of the clock; plays of one such period are alike."""


def next_start(phase_ms: int = 10_000, longest_ms: int = LONGEST_PLAY_MS) -> int:
    """The next moment from which windows of up to ten seconds begin alike, and a play ends before
    the clock's next five minutes; waits for it.
    """
    start = (int(time.time() * 1000) // phase_ms + 1) * phase_ms
    if start % PERIOD_MS > PERIOD_MS - longest_ms:
        start = (start // PERIOD_MS + 1) * PERIOD_MS
    time.sleep(max(0.0, start / 1000 - time.time()))
    return start
