"""`python -m benchmarks.batch --rows N`: raw files to marts through Dagster, against a bare script.

Both work in the same run, on the same files in the same local S3, one after the other, in turns.
Input is generated and delivered before the clock starts. The last line is one JSON object.
What does not belong here: the programs that are timed (`platform_batch`, `bare_batch` and their
peers), their input (`batch_inputs`), and one repetition (`batch_repetition`).
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
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.batch_inputs import made_up_files, small_files
from benchmarks.figures import rounded
from benchmarks.process_memory import ProgramFailedError
from ecom_platform.traffic.manifest import read_manifest
from infra.local.ports import free_port

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".benchmarks"

ALLOWED_RATIO = 1.2
ALLOWED_FIXED_SECONDS = 6.0
"""What the platform may cost over the bare script: a share of the work, and a fixed start."""

PEERS = ["polars", "spark"]
PEER_DIRT = 0.0005
SMALL_FILES, SMALL_ROWS = 1000, 1000


def main() -> None:
    arguments = _parser().parse_args()
    events = made_up_files(arguments.workdir, arguments.rows, arguments.days, arguments.dirt)
    load = os.getloadavg()[0]
    try:
        repetitions = repeated(arguments, events, PEERS if arguments.peers else [])
        found = report(arguments, events, repetitions, load)
        if arguments.peers:
            found |= dirt_figures(arguments) | small_file_figures(arguments)
    except ProgramFailedError as error:
        sys.exit(f"error: {error}")
    print(json.dumps({name: rounded(value) for name, value in found.items()}), flush=True)
    if any(one["comparison"]["differing_row_count"] for one in repetitions):
        sys.exit("error: the platform and the bare script made different marts")


def repeated(
    arguments: argparse.Namespace, events: Path, peers: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Platform and bare script in turns; the peers once, after the first time."""
    orders = [["platform", "bare"], ["bare", "platform"]]
    return [
        repetition(
            arguments.workdir,
            events,
            ",".join([*orders[number % 2], *(peers if number == 0 else [])]),
        )
        for number in range(arguments.repeats)
    ]


def dirt_figures(arguments: argparse.Namespace) -> dict[str, float]:
    """The same with broken and late rows, of which the bare script makes nothing."""
    events = made_up_files(arguments.workdir, arguments.rows, arguments.days, PEER_DIRT)
    repetitions = repeated(arguments, events)
    wall, bare = (_median(repetitions, side, "wall_s") for side in ("platform", "bare"))
    return {"dirt_wall_s": wall, "dirt_bare_wall_s": bare, "dirt_wall_ratio": wall / bare}


def small_file_figures(arguments: argparse.Namespace) -> dict[str, float]:
    events = made_up_files(arguments.workdir, 2 * SMALL_FILES * SMALL_ROWS, arguments.days, 0.0)
    cut = small_files(arguments.workdir, events, SMALL_FILES, SMALL_ROWS)
    found = repetition(arguments.workdir, cut, "platform")["platform"]
    return {"small_files": SMALL_FILES, "small_files_wall_s": found["wall_s"]}


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
        **repetitions[0]["comparison"],
    }
    for side, prefix in {"platform": "", "bare": "bare_"}.items():
        found |= {f"{prefix}{name}": value for name, value in _of_side(repetitions, side)}
    for peer in PEERS:
        if peer in repetitions[0]:
            found[f"{peer}_wall_s"] = repetitions[0][peer]["wall_s"]
            found[f"{peer}_ratio"] = found[f"{peer}_wall_s"] / wall
    return found


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
    add("--repeats", type=int, default=3, help="repetitions; the figures are their medians")
    add(
        "--peers",
        action="store_true",
        help="time local Spark and Polars on the same work too, broken rows, and many small files",
    )
    add("--workdir", type=Path, default=WORK, help="folder for the input and the clouds")
    return parser


if __name__ == "__main__":
    main()
