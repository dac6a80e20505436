"""`python -m benchmarks.scale --rows 1000000,10000000`: a day of so many events, raw to marts.

For each size: seconds, memory, and the bytes that lie in S3 afterwards and that marts read. The
last line is one JSON object, which `docs/scale.md` and the bills (`infra.bills`) are made of. What
does not belong here: the comparison with a bare script (`batch`).
"""

import argparse
import json
from typing import Any

from benchmarks.batch import WORK, repetition
from benchmarks.batch_inputs import made_up_files
from benchmarks.figures import rounded
from ecom_platform.traffic.manifest import read_manifest

RULES, PAIRS, STAGING = "bot_verdicts", "product_affinity", ("raw__event_files", "staging", "days")


def main() -> None:
    arguments = _parser().parse_args()
    sizes = [measured(rows) for rows in arguments.rows]
    print(json.dumps({"benchmark": "scale", "days": sizes}))


def measured(rows: int) -> dict[str, Any]:
    """A day of about so many events."""
    events = made_up_files(WORK, rows, days=1, dirt=0.0)
    found = repetition(WORK, events, "platform")["platform"]
    files = read_manifest(events)["files"]
    phases = found["phases"]
    parts = {
        "staging_s": sum(phases[name] for name in STAGING),
        "rules_s": phases[RULES],
        "pairs_s": phases[PAIRS],
    }
    figures = {
        "events": found["rows"],
        "raw_bytes": sum((events / file["name"]).stat().st_size for file in files),
        **found["bytes"],
        "wall_s": found["wall_s"],
        **parts,
        "other_s": found["wall_s"] - sum(parts.values()),
        "peak_memory_gb": found["peak_memory_gb"],
    }
    one = {name: rounded(value) for name, value in figures.items()}
    print(json.dumps(one), flush=True)
    return one


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--rows", type=_sizes, default=_sizes("1000000,10000000"), help="events of the day"
    )
    return parser


if __name__ == "__main__":
    main()
