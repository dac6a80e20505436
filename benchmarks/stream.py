"""`python -m benchmarks.stream`: from put to alert by hop, and how fast Flink drains a backlog.

Each part runs on a fresh local cloud, or on none. The last line is one JSON object.
What does not belong here: the programs that are timed (`stream_latency`, `stream_drain`).
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import rounded
from benchmarks.process_memory import ProgramFailedError
from benchmarks.stream_floods import FLOODS, FRESH_IDENTITIES, write_flood
from ecom_platform.commands import simulate
from ecom_platform.simulator.wire_dirt import WireDefect
from infra.local.ports import free_port

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".benchmarks"
SEED = 7
PEOPLE_RATE = 200
DIRT = 0.01
FUTURE = b'"2996-'
"""How the simulator writes a time that lies ahead."""
RATES = (200, 1000)
FLOOD_RECORDS = 90_000
STATE_RECORDS = 400_000
STATE_SECONDS = 60
"""Longest window and life of state while its growth is measured: events of a minute."""


def main() -> None:
    arguments = _parser().parse_args()
    arguments.workdir.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {
        "benchmark": "stream",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_before": os.getloadavg()[0],
    }
    try:
        for rate in RATES if "latency" in arguments.parts else ():
            found |= _latency(arguments, rate)
        events, counts = made_up_records(arguments)
        for source in ("file", "kinesis"):
            if source in arguments.parts:
                found |= _drain(arguments, source, events, counts)
        if "floods" in arguments.parts:
            found |= floods(arguments)
    except ProgramFailedError as error:
        sys.exit(f"error: {error}")
    print(json.dumps({name: rounded(value) for name, value in found.items()}), flush=True)


def _latency(arguments: argparse.Namespace, rate: int) -> dict[str, Any]:
    print(f"{arguments.seconds} s at {rate} events a second, on fresh streams", flush=True)
    program = [
        "-m",
        "benchmarks.stream_latency",
        f"--rate={rate}",
        f"--seconds={arguments.seconds}",
    ]
    answer = _on_fresh_cloud(arguments.workdir, program)
    total = answer["hops_s"]["put_to_alert"]
    return {
        **{f"alert_{name}_s_at_{rate}": value for name, value in total.items()},
        f"hops_s_at_{rate}": answer["hops_s"],
        f"alerts_at_{rate}": answer["alerts"],
        f"sent_per_s_at_{rate}": answer["events_per_s"],
    }


def floods(arguments: argparse.Namespace) -> dict[str, Any]:
    """How Flink drains floods from files, against the same without any rule; how state grows."""
    folder = arguments.workdir / "floods"
    folder.mkdir(parents=True, exist_ok=True)
    rates: dict[str, float] = {}
    for flood in FLOODS:
        file = folder / f"{flood.name}.jsonl"
        write_flood(flood, FLOOD_RECORDS, file)
        rates[flood.name] = _flooded(arguments, file, FLOOD_RECORDS)["events_per_s"]
    crowd = folder / "crowd.jsonl"
    limit = _flooded(arguments, crowd, FLOOD_RECORDS, "--parse-only")["events_per_s"]
    fresh = folder / "fresh_identities.jsonl"
    write_flood(FRESH_IDENTITIES, STATE_RECORDS, fresh)
    forgetful = f"--state-seconds={STATE_SECONDS}"
    sizes = _flooded(arguments, fresh, STATE_RECORDS, forgetful)["checkpoint_bytes"]
    middle = len(sizes) // 2
    return {
        **{f"flood_{name}_events_per_s": rate for name, rate in rates.items()},
        "parse_only_events_per_s": limit,
        "rules_ratio": rates["crowd"] / limit,
        "hot_user_ratio": rates["one_user"] / rates["crowd"],
        "state_growth": median(sizes[-3:]) / median(sizes[middle - 1 : middle + 2]),
        "checkpoint_bytes": sizes,
    }


def _flooded(arguments: argparse.Namespace, events: Path, count: int, *options: str) -> Any:  # noqa: ANN401 - JSON
    print(f"Flink drains {count:,} records of {events.stem} {' '.join(options)}", flush=True)
    given = ["--source=file", f"--events={events}", f"--records={count}", f"--good={count}"]
    return _drained(arguments.workdir, *given, *options)


def _drained(workdir: Path, *options: str) -> Any:  # noqa: ANN401 - JSON
    """What `stream_drain` measures, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=workdir, prefix="drain-") as folder:
        program = ["-m", "benchmarks.stream_drain", *options, f"--folder={folder}"]
        return _answer([sys.executable, *program])


def _drain(
    arguments: argparse.Namespace, source: str, events: Path, counts: Counter[str]
) -> dict[str, Any]:
    print(f"Flink drains {counts.total():,} records from {source}", flush=True)
    good = counts["event"] + counts["duplicate"]
    given = [f"--source={source}", f"--events={events}", f"--records={counts.total()}"]
    answer = _drained(arguments.workdir, *given, f"--good={good}")
    return {
        f"flink_{source}_events_per_s": answer["events_per_s"],
        f"flink_{source}_events": answer["events"],
        f"flink_{source}_shares": answer["shares"],
        f"flink_{source}_busiest_task": answer["busiest_task"],
        f"flink_{source}_busiest_task_busy_share": answer["busiest_task_busy_share"],
    }


def made_up_records(arguments: argparse.Namespace) -> tuple[Path, Counter[str]]:
    """Records of calibrated people and one scraper, some of them broken or twice, made once."""
    seconds = arguments.records // PEOPLE_RATE
    events = arguments.workdir / f"records-{arguments.records}.jsonl"
    truth = events.with_suffix(".truth.json")
    if not truth.exists():
        scenario = arguments.workdir / "drain.yaml"
        scenario.write_text(
            json.dumps(
                {
                    "duration_seconds": seconds,
                    "people": {"rate": PEOPLE_RATE},
                    "actors": [{"family": "catalog_scraping", "rate": 4, "duration_seconds": 300}],
                    "dirt": {"broken_share": DIRT, "duplicate_share": DIRT},
                }
            )
        )
        options = [f"--scenario={scenario}", f"--seed={SEED}", "--start-at=2026-01-05T10:00:00Z"]
        made = events.with_suffix(".made")
        simulate.main([*options, f"--dry-run={made}", f"--truth={truth}"])
        # One of them counts from its arrival on, which in a backlog is long after all others.
        lines = made.read_bytes().splitlines(keepends=True)
        events.write_bytes(b"".join(line for line in lines if FUTURE not in line))
    counts = Counter(json.loads(truth.read_text())["records"])
    del counts[WireDefect.EVENT_TIME_IN_FUTURE.value]
    return events, counts


def _on_fresh_cloud(workdir: Path, program: Sequence[str]) -> dict[str, Any]:
    state = Path(tempfile.mkdtemp(dir=workdir, prefix="cloud-"))
    launcher = [sys.executable, "-m", "infra.local", "--state", str(state)]
    options = ["--port", str(free_port()), "run", "--flink-port", "0"]
    try:
        return _answer([*launcher, *options, sys.executable, *program])
    finally:
        shutil.rmtree(state, ignore_errors=True)


def _answer(command: Sequence[str]) -> dict[str, Any]:
    """Run a program and take the JSON of its last line.

    Raises:
        ProgramFailedError: it did not succeed.

    """
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ProgramFailedError(f"{' '.join(command)} ended with {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stream",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--seconds", type=int, default=120, help="how long latency is measured at each rate")
    add("--records", type=int, default=300_000, help="records that Flink drains, about so many")
    parts = ["latency", "file", "kinesis", "floods"]
    add("--parts", nargs="+", choices=parts, default=parts, help="what is measured")
    add("--workdir", type=Path, default=WORK, help="folder for the records and the clouds")
    return parser


if __name__ == "__main__":
    main()
