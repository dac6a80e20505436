"""A local cloud of its own for a test, and the launcher beside it."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3
import runtime_properties

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import shop_events as traffic
from ecom_platform_tests.support.processes import descendants, kill
from ecom_platform_tests.support.waiting import wait_until
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

STREAMS = (
    "raw-events",
    "detections",
    "user-sessions",
    "quiet-carts",
    "dead-letters",
    "late-events",
)
PUT_LIMIT = 500
START_SECONDS = 150


def answers(url: str) -> Any:
    """Return the JSON behind a URL, or None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return json.load(response)
    except OSError:
        return None


@dataclass
class Cloud:
    """The client, and the environment that a process needs to reach the same cloud."""

    kinesis: Any
    environment: dict[str, str]

    def create_streams(self, shards: int) -> None:
        for name in STREAMS:
            count = shards if name == "raw-events" else 1
            self.kinesis.create_stream(StreamName=f"ecom-{name}", ShardCount=count)

    def send(self, events: list[traffic.Event]) -> None:
        for first in range(0, len(events), PUT_LIMIT):
            records = [
                {"Data": json.dumps(asdict(event)).encode(), "PartitionKey": str(event.category_id)}
                for event in events[first : first + PUT_LIMIT]
            ]
            self.kinesis.put_records(StreamName="ecom-raw-events", Records=records)

    def rows(self, name: str) -> list[tuple[dict[str, Any], float]]:
        """Return every record of a stream with its time of arrival."""
        return read_stream(self.kinesis, f"ecom-{name}")


def read_stream(
    kinesis: Any, stream: str, loads: Callable[[bytes], Any] = json.loads
) -> list[tuple[Any, float]]:
    """Return every record of a stream with its time of arrival."""
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator and (
            records := (page := kinesis.get_records(ShardIterator=iterator, Limit=10_000))[
                "Records"
            ]
        ):
            iterator = page.get("NextShardIterator")
            found += [
                (loads(record["Data"]), record["ApproximateArrivalTimestamp"].timestamp())
                for record in records
            ]
    return found


@contextmanager
def cloud(folder: Path) -> Iterator[Cloud]:
    """Run a local cloud on a free port."""
    local = LocalCloud(folder / "cloud", free_port())
    local.start()
    variables = local.environment()
    try:
        client = boto3.client(
            "kinesis",
            endpoint_url=local.endpoint,
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )
        yield Cloud(client, variables)
    finally:
        local.stop()


@dataclass
class Job:
    """The launcher and the job it started."""

    process: "subprocess.Popen[bytes]"
    rest: str
    log: Path

    def completed_checkpoints(self) -> int:
        """Return how many; 0 while the busy interface does not answer in time."""
        (job,) = (answers(f"{self.rest}/jobs/overview") or {"jobs": [{"jid": "none"}]})["jobs"]
        found = answers(f"{self.rest}/jobs/{job['jid']}/checkpoints")
        return found["counts"]["completed"] if found else 0

    def is_running(self) -> bool:
        jobs = (answers(f"{self.rest}/jobs/overview") or {"jobs": []})["jobs"]
        return any(job["tasks"]["running"] == job["tasks"]["total"] > 0 for job in jobs)

    def kill(self) -> None:
        """End everything at once, as a lost machine would."""
        kill([self.process.pid, *descendants(self.process.pid)])
        self.process.wait(10)


@contextmanager
def launch(cloud_: Cloud, folder: Path, **groups: dict[str, str]) -> Iterator[Job]:
    """Run the launcher; all tasks run when the body starts, and none is left after it."""
    port = free_port()
    properties = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
    properties["event_time"]["tolerance_seconds"] = engines.TEN_YEARS
    for name, values in groups.items():
        properties[name].update(values)
    path = folder / "properties.json"
    runtime_properties.write_property_groups(properties, path)
    log = folder / f"job-{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            engines.launch_command(folder / "run", path, port),
            cwd=engines.APPLICATION,
            env={**os.environ, **cloud_.environment},
            stdout=output,
            stderr=output,
        )
    job = Job(process, f"http://127.0.0.1:{port}", log)
    try:
        wait_until(job.is_running, START_SECONDS, "the start of the job")
        yield job
    finally:
        process.terminate()
        process.wait(40)
