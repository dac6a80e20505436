"""`python -m benchmarks.batch --rows N`: raw files to marts through Dagster, against a bare script.

Both work in the same run, on the same files in the same local S3, one after the other. Input is
generated and delivered before the clock starts. The last line is one JSON object.
What does not belong here: the programs that are timed (`platform_batch`, `bare_batch`,
`spark_batch`), and one repetition (`batch_repetition`).
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import rounded
from benchmarks.process_memory import ProgramFailedError
from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.manifest import MANIFEST, read_manifest
from infra.local.ports import free_port

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".benchmarks"
FIRST_DAY = date(2024, 1, 1)
SEED = 7

ALLOWED_RATIO = 1.3
ALLOWED_FIXED_SECONDS = 20.0
"""What the platform may cost over the bare script: a share of the work, and a fixed start."""


def main() -> None:
    arguments = _parser().parse_args()
    events = made_up_files(arguments)
    orders = [["platform", "bare"], ["bare", "platform"]]
    spark = ["spark"] if arguments.spark else []
    load = os.getloadavg()[0]
    try:
        repetitions = [
            repetition(arguments.workdir, events, ",".join(orders[number % 2] + spark))
            for number in range(arguments.repeats)
        ]
    except ProgramFailedError as error:
        sys.exit(f"error: {error}")
    found = report(arguments, events, repetitions, load)
    print(json.dumps(found), flush=True)
    if any(one["comparison"]["differing_row_count"] for one in repetitions):
        sys.exit("error: the platform and the bare script made different marts")


def made_up_files(arguments: argparse.Namespace) -> Path:
    """A folder of event files for these arguments, made once and kept."""
    name = f"events-{arguments.rows}-{arguments.days}-{arguments.dirt}"
    folder: Path = arguments.workdir / name
    if not (folder / MANIFEST).exists():
        print(f"making {arguments.days} days of traffic in {folder}", flush=True)
        traffic.main(
            [
                "generate",
                f"--out={folder}",
                f"--seed={SEED}",
                f"--start={FIRST_DAY}",
                f"--end={FIRST_DAY + timedelta(days=arguments.days - 1)}",
                f"--events-per-day={arguments.rows / arguments.days}",
                f"--dirt={arguments.dirt}",
            ]
        )
    return folder


def repetition(workdir: Path, events: Path, order: str) -> dict[str, Any]:
    """Both sides once, on a fresh local cloud that is gone afterwards."""
    print(f"{order} on a fresh local cloud", flush=True)
    state = Path(tempfile.mkdtemp(dir=workdir, prefix="cloud-"))
    figures = state / "figures.json"
    launcher = [sys.executable, "-m", "infra.local", "--state", str(state)]
    program = [sys.executable, "-m", "benchmarks.batch_repetition", "--events", str(events)]
    options = ["--state", str(state), "--order", order, "--report", str(figures)]
    command = [*launcher, "--port", str(free_port()), "run", *program, *options]
    try:
        ended = subprocess.run(command, cwd=ROOT, check=False)
        if ended.returncode:
            raise ProgramFailedError(f"the repetition ended with {ended.returncode}")
        found: dict[str, Any] = json.loads(figures.read_text())
        return found
    finally:
        shutil.rmtree(state, ignore_errors=True)


def report(
    arguments: argparse.Namespace, events: Path, repetitions: Sequence[dict[str, Any]], load: float
) -> dict[str, Any]:
    """The figures: medians over the repetitions, peaks as maxima."""
    wall, bare_wall = (_median(repetitions, side, "wall_s") for side in ("platform", "bare"))
    files = read_manifest(events)["files"]
    found: dict[str, Any] = {
        "benchmark": "batch",
        "rows": repetitions[0]["platform"]["rows"],
        "input_bytes": sum((events / file["name"]).stat().st_size for file in files),
        "days": arguments.days,
        "dirt": arguments.dirt,
        "repeats": arguments.repeats,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_before": load,
        "wall_s": wall,
        "bare_wall_s": bare_wall,
        "wall_ratio": wall / bare_wall,
        "allowed_wall_s": ALLOWED_RATIO * bare_wall + ALLOWED_FIXED_SECONDS,
        "cpu_s": _median(repetitions, "platform", "cpu_s"),
        "bare_cpu_s": _median(repetitions, "bare", "cpu_s"),
        **repetitions[-1]["comparison"],
    }
    for side, prefix in {"platform": "", "bare": "bare_", "spark": "spark_"}.items():
        if side in repetitions[0]:
            found |= {f"{prefix}{name}": value for name, value in _of_side(repetitions, side)}
    if "spark" in repetitions[0]:
        found["spark_wall_s"] = _median(repetitions, "spark", "wall_s")
        found["spark_ratio"] = found["spark_wall_s"] / wall
    return {name: rounded(value) for name, value in found.items()}


def _of_side(
    repetitions: Sequence[dict[str, Any]], side: str
) -> Iterator[tuple[str, float | dict[str, float]]]:
    """Peaks of memory, where the emulator's belongs to all that ran on it so far, and phases."""
    for name in ("peak_memory_gb", "emulator_peak_memory_gb"):
        yield name, max(one[side][name] for one in repetitions)
    names = repetitions[0][side]["phases"]
    yield "phases_s", {n: median(one[side]["phases"][n] for one in repetitions) for n in names}


def _median(repetitions: Sequence[dict[str, Any]], side: str, name: str) -> float:
    values: list[float] = [one[side][name] for one in repetitions]
    return median(values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--rows", type=int, default=10_000_000, help="rows that the shop recorded, about so many")
    add("--days", type=int, default=28, help="days over which they are spread")
    add(
        "--dirt",
        type=float,
        default=0.0,
        help="share of rows broken, and of rows late; above 0 the bare script does less than the"
        " platform: it tells no lines of refused rows and merges no re-delivered file",
    )
    add("--repeats", type=int, default=1, help="repetitions; the figures are their medians")
    add("--spark", action="store_true", help="time local Spark on the same work too")
    add("--workdir", type=Path, default=WORK, help="folder for the input and the clouds")
    return parser


if __name__ == "__main__":
    main()
