"""`python -m benchmarks.stream_drain`: how fast Flink drains events, from a file and from Kinesis.

All rules, sessions, dead letters and late events are on, and start-up does not count. With
`--source kinesis` the records are a backlog in a local Kinesis that serves nobody else: no archive
and no functions, which would take their share of the two cores.
What does not belong here: latency (`stream_latency`), and the report (`stream`).
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from benchmarks.flink_rest import JobWatch
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

ROOT = Path(__file__).parents[1]
APPLICATION = ROOT / "flink_app"
FLINK_PYTHON = ROOT / ".venv-flink/bin/python"
PARSE = ROOT / "benchmarks/flink_parse.py"
SINKS = ("detections", "user_sessions", "quiet_carts", "dead_letters", "late_events")
FILE_SOURCE = {
    "connector": "filesystem",
    "format": "raw",
    "arrived_at": "timestamp_ltz(3) not null metadata from 'file.modification-time' virtual",
}
STREAMS = {
    "raw-events": 2,
    "detections": 1,
    "user-sessions": 1,
    "quiet-carts": 1,
    "dead-letters": 1,
    "late-events": 1,
}
"""Streams and their shards; as many subtasks read as there are shards of raw events."""
PUT_RECORDS = 500
TEN_YEARS = "315360000"

Properties = dict[str, dict[str, str]]
"""Groups of the application's properties by name."""


def main() -> None:
    arguments = _parser().parse_args()
    properties = properties_of_old_events()
    if arguments.state_seconds:
        _forget_soon(properties, arguments.state_seconds)
    if arguments.source == "file":
        read_files(properties, arguments.events, arguments.folder)
        answer = _drained(properties, arguments)
    else:
        with backlog(arguments.events, arguments.folder):
            answer = _drained(properties, arguments)
    print(json.dumps(answer))


def _drained(properties: Properties, arguments: argparse.Namespace) -> Any:  # noqa: ANN401 - a JSON value
    watch = JobWatch(f"http://127.0.0.1:{free_port()}")
    is_bounded = arguments.source == "file"
    program = PARSE if arguments.parse_only else None
    with launched(properties, arguments.folder, watch.url, program) as process:
        seconds = watch.watch(
            process,
            lambda: not is_bounded and watch.most_read + watch.late_read >= arguments.good,
        )
    task, busy = watch.bound(seconds)
    return {
        "events": arguments.records,
        "seconds": seconds,
        "events_per_s": arguments.records / seconds,
        "shares": watch.shares(),
        "busiest_task": task,
        "busiest_task_busy_share": busy,
        "checkpoint_bytes": watch.checkpoint_bytes,
    }


def _forget_soon(properties: Properties, seconds: int) -> None:
    """No window or pause longer than so many seconds of events, and state that a second of clock
    ends: a file is drained many times as fast as its events came.
    """
    properties["flink"]["table.exec.state.ttl"] = "1 s"
    for name, group in properties.items():
        if name.startswith("rule."):
            group["window_seconds"] = str(min(int(group["window_seconds"]), seconds))
    properties["quiet_carts"]["quiet_seconds"] = str(seconds)


def properties_of_old_events() -> Properties:
    """The application's own, but for events that come long after their time, and lie in it."""
    groups = json.loads((APPLICATION / "application_properties.json").read_text())
    properties: Properties = {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}
    properties["event_time"]["tolerance_seconds"] = TEN_YEARS
    return properties


def read_files(properties: Properties, events: Path, folder: Path) -> None:
    """A file as the source, and folders as sinks; it ends when the file does."""
    properties["table.raw_events"] = {**FILE_SOURCE, "path": str(events)}
    for sink in SINKS:
        place = str(folder / "out" / sink)
        properties[f"table.{sink}"] = {
            "connector": "filesystem",
            "path": place,
            "format": "json",
        }
    properties["flink"]["parallelism.default"] = "1"


@contextmanager
def backlog(events: Path, folder: Path) -> Iterator[None]:
    """A local Kinesis with all records on the stream, in the environment of this process."""
    cloud = LocalCloud(folder / "cloud", free_port())
    cloud.start()
    os.environ.update(cloud.environment())
    try:
        kinesis = boto3.client("kinesis")
        for name, shards in STREAMS.items():
            kinesis.create_stream(StreamName=f"ecom-{name}", ShardCount=shards)
        _fill(kinesis, events)
        yield
    finally:
        cloud.stop()


def _fill(kinesis: Any, events: Path) -> None:  # noqa: ANN401 - boto3's own
    lines = events.read_bytes().splitlines()
    for start in range(0, len(lines), PUT_RECORDS):
        records = [
            {"Data": line, "PartitionKey": _key(line)}
            for line in lines[start : start + PUT_RECORDS]
        ]
        kinesis.put_records(StreamName="ecom-raw-events", Records=records)


def _key(line: bytes) -> str:
    """The category, or anything where it cannot be read: only where it goes depends on it."""
    return line.partition(b'"category_id":')[2].partition(b",")[0].decode()[:64] or "0"


@contextmanager
def launched(
    properties: Properties, folder: Path, url: str, program: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """The job under its launcher, which is gone afterwards."""
    path = folder / "properties.json"
    path.write_text(
        json.dumps([{"PropertyGroupId": n, "PropertyMap": m} for n, m in properties.items()])
    )
    command = [str(FLINK_PYTHON), "-m", "local.launch", "--run-directory", str(folder / "run")]
    options = ["--properties", str(path), "--rest-port", url.rsplit(":", 1)[1]]
    options += ["--program", str(program)] if program else []
    with (folder / "flink.log").open("w") as log:
        process = subprocess.Popen(
            [*command, *options],
            cwd=APPLICATION,
            env=dict(os.environ),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)
    if process.returncode:
        sys.exit(f"error: Flink ended with {process.returncode}; see {folder / 'flink.log'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream_drain")
    parser.add_argument("--source", choices=["file", "kinesis"], required=True)
    parser.add_argument("--events", type=Path, required=True, help="records, one a line")
    parser.add_argument("--records", type=int, required=True, help="how many there are")
    parser.add_argument("--good", type=int, required=True, help="how many of them are events")
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder")
    parser.add_argument("--parse-only", action="store_true", help="without rules and sessions")
    parser.add_argument("--state-seconds", type=int, help="longest window and life of state")
    return parser


if __name__ == "__main__":
    main()
