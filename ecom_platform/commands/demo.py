"""`python -m ecom_platform.commands.demo`: event files in, four answers out, in one go.

Without a file of the user's it makes a month of traffic that ends yesterday, and then plays a
minute of traffic on the stream. What was made once is kept, so that a second demo gives the same
answers.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
from rich.console import Console

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.commands.answers import WINDOW_DAYS, print_answers
from ecom_platform.commands.deliver import NotAnEventFileError, deliver
from ecom_platform.commands.refusal_lines import exit_code, say_refusals
from ecom_platform.commands.stream_demo import StreamDemo, StreamDemoError
from ecom_platform.contracts.lake import STAGED_EVENTS
from ecom_platform.lake.event_files import EXPORTS_PREFIX
from ecom_platform.marts.anomalies import LEAST_DAYS
from ecom_platform.pipeline.file_verdicts import FileVerdict
from ecom_platform.settings import Settings
from ecom_platform.simulator.event_stream import StreamError
from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.manifest import MANIFEST, read_manifest

EVENTS_PER_DAY = 30_000
JUDGED_DAYS = 2
DAYS = LEAST_DAYS + JUDGED_DAYS
"""So many that the last of them can be told odd."""
SEED = 7


def demo(paths: Sequence[Path], batch: Batch, settings: Settings, console: Console) -> int:
    """Deliver files, build what follows from them, and print the answers over their days.

    Returns the exit code: 1 if one of them was refused, or if none of its rows was good.
    """
    keys = set(deliver(paths, settings))
    place = f"s3://{settings.data_bucket}/{EXPORTS_PREFIX}"
    console.print(f"delivered {len(keys)} files to {place}")
    console.print("building through Dagster:")
    batch.prepare_catalog()
    batch.take_in()
    changed = batch.rebuild()
    if not changed:
        console.print("  every day is up to date already")
    verdicts = [one for one in batch.verdicts() if one.file.object_key in keys]
    _print_rows(verdicts, console)
    say_refusals(verdicts, console.print)
    days = _days_of(batch, {one.file.file_id for one in verdicts})
    if days:
        shown = days[-WINDOW_DAYS:]
        print_answers(batch.tables, batch.engine, shown, console, settings.currency)
    return exit_code(verdicts)


def _days_of(batch: Batch, file_ids: set[str]) -> list[date]:
    """The days that the delivered files have rows of and that have events now."""
    commits = batch.tables.commits(STAGED_EVENTS, sorted(file_ids))
    days = {part.values[1] for commit in commits for part in commit.partitions}
    return [day for day in batch.data_days() if str(day) in days]


def _print_rows(verdicts: Sequence[FileVerdict], console: Console) -> None:
    """Every row is accounted for: read = staged + quarantined."""
    read = sum(one.read_row_count for one in verdicts)
    staged = sum(one.staged_row_count for one in verdicts)
    refused = sum(one.refused_row_count for one in verdicts)
    console.print(
        f"{read:,} rows read = {staged:,} staged + {refused:,} quarantined,"
        f" in {len(verdicts)} files"
    )


def made_up_files(folder: Path, console: Console) -> list[Path]:
    """A month of traffic that ends yesterday, made once."""
    if not (folder / MANIFEST).exists():
        last = datetime.now(UTC).date() - timedelta(days=1)
        console.print(f"making {DAYS} days of traffic, about {EVENTS_PER_DAY * DAYS:,} events:")
        traffic.main(
            [
                "generate",
                f"--out={folder}",
                f"--seed={SEED}",
                f"--start={last - timedelta(days=DAYS - 1)}",
                f"--end={last}",
                f"--events-per-day={EVENTS_PER_DAY}",
            ]
        )
    else:
        console.print(f"using the traffic made before ({folder}; `make clean` removes it)")
    return [folder / file["name"] for file in read_manifest(folder)["files"]]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.demo", description=__doc__
    )
    parser.add_argument("--events", type=Path, nargs="+", help="your own files, .csv or .csv.gz")
    parser.add_argument("--setup-seconds", type=int, default=0, help="what came before this took")
    arguments = parser.parse_args()
    started = time.monotonic()
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    settings = Settings.from_environment()
    instance = dg.DagsterInstance.get()
    batch = Batch.of(Settings.from_environment(), instance, say=console.print)
    try:
        paths = arguments.events or made_up_files(settings.made_up_events_dir, console)
        code = demo(paths, batch, settings, console)
        if not arguments.events:
            # Made-up traffic brings its own dirt, to show what becomes of it.
            code = 0
            StreamDemo(batch, settings, console).run()
    except (NotAnEventFileError, RunFailedError, StreamError, StreamDemoError) as error:
        sys.exit(f"error: {error}")
    _print_times(arguments.setup_seconds, time.monotonic() - started, console)
    sys.exit(code)


def _print_times(setup: int, seconds: float, console: Console) -> None:
    console.print(f"\nset-up took {setup} s, the run {seconds:.0f} s")
    console.print("next: `make up` opens these tables in the Dagster web UI; `make answers` prints")
    console.print("      them again; `make demo EVENTS=your.csv` takes your own file; `make help`.")


if __name__ == "__main__":
    main()
