"""`python -m ecom_platform.commands.build`: stage and build whatever is not up to date.

What the sensors do, at once and in this process; also after runs that failed for good. Exits with 1
where a file of this call was refused, or none of its rows was good.
"""

import argparse
import sys

import dagster as dg
from rich.console import Console

from ecom_platform.batch import Batch, RunFailedError, fail_dead_runs
from ecom_platform.commands.refusal_lines import exit_code, say_refusals
from ecom_platform.lake.store_time import StoreTimeZoneChangedError
from ecom_platform.settings import SettingError, Settings


def build(batch: Batch, console: Console) -> int:
    """Stage and build; returns the exit code."""
    fail_dead_runs(batch.instance)
    failure = None
    read: list[str] = []
    try:
        read = batch.take_in()
    except RunFailedError as error:
        failure = error
    hours = batch.take_in_stream()
    changed = batch.rebuild()
    if changed:
        batch.serve()
    verdicts = batch.verdicts()
    say_refusals(verdicts, console.print)
    console.print(
        f"{len(read)} files and {len(hours)} hours of the stream were read,"
        f" {len(changed)} days of the lake were built; everything else is up to date"
    )
    if failure:
        console.print(f"[red]error:[/red] {failure}", markup=True)
        return 1
    return exit_code(verdict for verdict in verdicts if verdict.file.file_id in read)


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.build", description=__doc__
    ).parse_args()
    console = Console(width=None if sys.stdout.isatty() else 400, highlight=False)
    try:
        batch = Batch.of(Settings.from_environment(), dg.DagsterInstance.get(), say=console.print)
        sys.exit(build(batch, console))
    except (RunFailedError, SettingError, StoreTimeZoneChangedError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
