"""`python -m ecom_platform_tests.chaos.soak`: an hour of traffic in ten minutes, and what it costs.

Resident memory of every process of the stream, with its children, every five seconds: flat is where
the last quarter takes at most a tenth more than the second one. The emulator is told apart, since
it keeps all records. Every event must have a place. The last line is JSON.
"""

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import altair as alt
import boto3
import psutil
import pyarrow as pa
from common.canary import USER_ID

from benchmarks.process_memory import resident_bytes
from ecom_platform.simulator.play import play_of
from ecom_platform.simulator.replay import Replay
from ecom_platform.simulator.scenario import parse_scenario
from ecom_platform.simulator.wire import wire_time
from ecom_platform_tests.support.flink_environment import allowed
from ecom_platform_tests.support.kinesis_cloud import read_stream
from ecom_platform_tests.support.live_stream import LiveStream, Sent, live_stream, next_start
from ecom_platform_tests.support.session_counts import counted, event_of
from ecom_platform_tests.support.waiting import eventually

HOUR_SECONDS, SPEED = 3600, 6.0
SCENARIO = {
    "duration_seconds": HOUR_SECONDS,
    "people": {"rate": 6},
    "actors": [
        {"family": "catalog_scraping", "rate": 1, "start_seconds": 300, "duration_seconds": 3000},
        {"family": "cart_hoarding", "rate": 0.5, "start_seconds": 600, "duration_seconds": 2700},
    ],
}
SAMPLE_SECONDS = 5.0
MOST_GROWTH = 1.1
EMULATOR = "ministack"
SETTLED_SECONDS = 120
MIB = 1024**2

Samples = dict[str, list[float]]


@contextmanager
def sampled(live: LiveStream) -> Iterator[Samples]:
    """Memory of each process by the name of its service, MiB, until the block ends."""
    files = {path.stem: path for path in live.state.rglob("*.pid") if path.stem.isalpha()}
    names = {name: int(path.read_text()) for name, path in files.items()}
    names["flink's JVM"] = _jvm_of(names["flink"])
    samples: Samples = {name: [] for name in names}
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(SAMPLE_SECONDS):
            sizes = resident_bytes([*names.values()])
            for name, pid in names.items():
                samples[name].append(sizes[pid] / MIB)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def _jvm_of(launcher: int) -> int:
    """The JVM that Flink runs in, a grandchild of its launcher."""
    children = psutil.Process(launcher).children(recursive=True)
    return next(child.pid for child in children if child.name() == "java")


def growth(samples: Sequence[float]) -> float:
    """The last quarter over the second one, which is after the start."""
    quarter = len(samples) // 4
    return median(samples[-quarter:]) / median(samples[quarter : 2 * quarter])


def unplaced(live: LiveStream) -> int:
    """Events that are in no session and not late."""
    stream = read_stream(boto3.client("kinesis"), "ecom-raw-events", loads=event_of)
    shop = ((fields, at) for fields, at in stream if fields and fields["user_id"] != USER_ID)
    wanted = counted(shop).total()
    return wanted - live.accepted_count() - len(live.rows("late-events"))


def play(live: LiveStream, speed: float) -> Sent:
    def start() -> Replay:
        start_ms = next_start()
        return Replay(start_ms=start_ms, replay_id=wire_time(start_ms), speed=speed)

    return live.play(play_of(parse_scenario(SCENARIO, name="soak"), start, seed=1))


def report(samples: Samples, sent: Sent, lost: int) -> Mapping[str, object]:
    growths = {name: round(growth(found), 3) for name, found in samples.items()}
    return {
        "events": len(sent.records),
        "events_unplaced": lost,
        "memory_mib": {name: round(found[-1]) for name, found in samples.items()},
        "memory_growth": growths,
        "largest_growth": max(growths[name] for name in growths if name != EMULATOR),
    }


def draw(samples: Samples, path: Path) -> None:
    """Memory against time, a line a process."""
    rows = [
        {"minutes": SAMPLE_SECONDS * place / 60, "process": name, "MiB": size}
        for name, found in samples.items()
        for place, size in enumerate(found)
    ]
    chart = alt.Chart(pa.Table.from_pylist(rows)).mark_line()
    picture = chart.encode(x="minutes:Q", y=alt.Y("MiB:Q", title="MiB"), color="process:N")
    picture.properties(width=600, height=300, title="Memory in an hour's traffic").save(
        str(path), scale_factor=2
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="ecom_platform_tests.chaos.soak", description=__doc__)
    parser.add_argument("--speed", type=float, default=SPEED, help="an hour passes so much faster")
    parser.add_argument("--picture", type=Path, help="where the picture is drawn, a .png")
    options = parser.parse_args()
    with (
        allowed(),
        tempfile.TemporaryDirectory(prefix="ecom-soak-") as folder,
        # The canary comes as it does in operation.
        live_stream(Path(folder), canary_seconds=180) as live,
    ):
        with sampled(live) as samples:
            sent = play(live, options.speed)
        eventually(lambda: unplaced(live) == 0, seconds=SETTLED_SECONDS)
        answer = report(samples, sent, unplaced(live))
    if options.picture:
        draw(samples, options.picture)
    print(json.dumps(answer))
    if answer["events_unplaced"] or float(str(answer["largest_growth"])) > MOST_GROWTH:
        sys.exit("error: a process grows, or an event has no place")


if __name__ == "__main__":
    main()
