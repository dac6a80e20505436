"""The input of `benchmarks.batch`: made-up event files, made once and kept.

What does not belong here: what makes the traffic (`ecom_platform.traffic`), and timing.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.manifest import MANIFEST, DeliveredFile, read_manifest, write_manifest

FIRST_DAY = date(2024, 1, 1)
SEED = 7


def made_up_files(workdir: Path, rows: int, days: int, dirt: float) -> Path:
    """A folder of event files with about so many rows."""
    folder = workdir / f"events-{rows}-{days}-{dirt}"
    if not (folder / MANIFEST).exists():
        print(f"making {days} days of traffic in {folder}", flush=True)
        traffic.main(
            [
                "generate",
                f"--out={folder}",
                f"--seed={SEED}",
                f"--start={FIRST_DAY}",
                f"--end={FIRST_DAY + timedelta(days=days - 1)}",
                f"--events-per-day={rows / days}",
                f"--dirt={dirt}",
            ]
        )
    return folder


def small_files(workdir: Path, events: Path, count: int, rows_each: int) -> Path:
    """The first rows of some files, cut into many small ones."""
    folder = workdir / f"{events.name}-cut-{count}-{rows_each}"
    if not (folder / MANIFEST).exists():
        folder.mkdir(exist_ok=True)
        files = [
            _small_file(folder / f"part_{number:04}.csv", lines)
            for number, lines in enumerate(islice(_pieces(events, rows_each), count))
        ]
        write_manifest(files, folder)
    return folder


def _small_file(path: Path, lines: list[str]) -> DeliveredFile:
    path.write_text("".join(lines))
    return DeliveredFile(name=path.name, rows=len(lines) - 1, rows_by_date={}, defects={})


def _pieces(events: Path, rows_each: int) -> Iterator[list[str]]:
    """So many lines at a time, each time below the header."""
    for file in read_manifest(events)["files"]:
        with (events / file["name"]).open() as lines:
            header = next(lines)
            while piece := list(islice(lines, rows_each)):
                if len(piece) == rows_each:
                    yield [header, *piece]
