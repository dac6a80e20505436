"""The tables that every engine is asked about: odd files, made-up traffic, bots, the real slice."""

import sys
from pathlib import Path

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.commands.deliver import deliver
from ecom_platform.lake.event_files import is_event_file
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.support.bots import write_bot, write_replayers
from ecom_platform_tests.support.places import CASES, REAL_SLICE

FIRST_DAY, LAST_DAY, DAY_COUNT = "2026-01-05", "2026-02-01", 28
DIRT = 0.0005
BOT_DAYS = ("2026-01-20", LAST_DAY)
"""On these people are not everybody."""


def build_shop(batch: Batch, folder: Path, rows: int) -> None:
    """Stage and build everything; files that are refused as a whole leave no row to ask about."""
    traffic.main(
        ["generate", f"--out={folder}", f"--start={FIRST_DAY}", f"--end={LAST_DAY}"]
        + [f"--events-per-day={rows // DAY_COUNT}", f"--dirt={DIRT}", "--seed=3"]
    )
    for day in BOT_DAYS:
        write_bot(folder / f"bot_{day}.csv", day)
    write_replayers(folder / "replayers.csv", LAST_DAY)
    files = [*sorted(folder.glob("*.csv")), *case_files()]
    if REAL_SLICE.exists():
        files.append(REAL_SLICE)
    else:
        print(f"the real slice is not at {REAL_SLICE}: asked without it", file=sys.stderr)
    batch.prepare_catalog()
    deliver(files, Settings.from_environment())
    try:
        batch.take_in()
    except RunFailedError as error:
        print(f"as expected of odd files: {error}"[:200], flush=True)
    batch.rebuild()


def case_files() -> list[Path]:
    """The files of strangers that are delivered by name; of one name the last."""
    found = {path.name: path for path in sorted(CASES.rglob("*.csv*")) if is_event_file(path.name)}
    return list(found.values())
