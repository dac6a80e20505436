"""`python -m benchmarks.batch_repetition`: one repetition of `benchmarks.batch`, on a fresh cloud.

It runs in an environment that `infra.local` made, and puts nothing into it but what is measured.
What does not belong here: making the input, and the figures over several repetitions (`batch`).
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.local_s3 import BARE_PREFIX, connected
from benchmarks.mart_comparison import compared, differing
from benchmarks.process_memory import GIB, measured
from ecom_platform.commands.deliver import deliver
from ecom_platform.definitions import Resources
from ecom_platform.settings import Settings
from ecom_platform.traffic.manifest import read_manifest

ROOT = Path(__file__).parents[1]
PEERS = ("polars", "spark")
CHUNK_BYTES = 1 << 24


def main() -> None:
    arguments = _parser().parse_args()
    settings = Settings.from_environment()
    files = [arguments.events / file["name"] for file in read_manifest(arguments.events)["files"]]
    deliver(files, settings)
    cloud = arguments.state / "cloud"
    server = int((cloud / "ministack.pid").read_text())
    report: dict[str, Any] = {}
    for side in arguments.order.split(","):
        _make_even(cloud)
        print(f"{side}:", file=sys.stderr, flush=True)
        run = measured(_command(side, arguments), watched=server)
        report[side] = {
            **run.answer,
            "peak_memory_gb": run.peak_bytes / GIB,
            "emulator_peak_memory_gb": run.watched_peak_bytes / GIB,
        }
    if "bare" in report:
        peers = {peer: arguments.state / peer for peer in PEERS if peer in report}
        report["comparison"] = _comparison(settings, peers)
    arguments.report.write_text(json.dumps(report))


def _command(side: str, arguments: argparse.Namespace) -> list[str]:
    """A peer reads the files where they were made, and writes to the local disk."""
    module = f"benchmarks.{side}_batch"
    if side not in PEERS:
        return [sys.executable, "-m", module]
    python = ROOT / f".venv-{side}/bin/python"
    places = [f"--events={arguments.events}", f"--out={arguments.state / side}"]
    return [str(python), "-m", module, *places]


def _make_even(cloud: Path) -> None:
    """Neither side pays for what was written before it, and both find the input in memory."""
    os.sync()
    for path in (cloud / "s3").rglob("*.csv"):
        with path.open("rb") as file:
            while file.read(CHUNK_BYTES):
                pass


def _comparison(settings: Settings, peers: Mapping[str, Path]) -> dict[str, int]:
    tables = Resources.of(settings).tables
    with connected(settings.scratch_dir) as connection:
        bare = f"s3://{settings.data_bucket}/{BARE_PREFIX}"
        found = vars(compared(connection, tables, bare))
        for peer, place in peers.items():
            found[f"{peer}_differing_row_count"] = differing(connection, bare, f"{place}/")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch_repetition")
    parser.add_argument("--events", type=Path, required=True, help="folder of the generated files")
    parser.add_argument("--state", type=Path, required=True, help="folder of the cloud's state")
    parser.add_argument("--order", required=True, help="platform,bare,polars,spark as they follow")
    parser.add_argument("--report", type=Path, required=True, help="file for the figures")
    return parser


if __name__ == "__main__":
    main()
