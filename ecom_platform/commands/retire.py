"""`python -m ecom_platform.commands.retire FILE`: take back what a file brought.

The file's rows leave the lake and the marts, and what was said of it is said no more. Delivering it
again brings it back. FILE is its name, or its key in the data bucket.
"""

import argparse
import sys
from datetime import UTC, datetime

import dagster as dg

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.pipeline.manifest import UnknownFileError, publish_manifest, read_manifest
from ecom_platform.settings import Settings


def retire(batch: Batch, name: str, now: datetime) -> int:
    """Retire a file at a time (UTC), and rebuild what it was part of; returns how many days.

    Raises:
        UnknownFileError: no file of that name was ever seen.

    """
    manifest = read_manifest(batch.tables).with_retired(name, now)
    with batch.engine.workspace() as (_, folder):
        publish_manifest(batch.tables, manifest, folder)
    return len(batch.rebuild())


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.retire", description=__doc__
    )
    parser.add_argument("file", help="name or key of the file, e.g. 2019-Oct.csv")
    name = parser.parse_args().file
    batch = Batch.of(Settings.from_environment(), dg.DagsterInstance.get())
    try:
        days = retire(batch, name, datetime.now(UTC).replace(tzinfo=None))
    except (UnknownFileError, RunFailedError) as error:
        sys.exit(f"error: {error}")
    print(f"{name} is retired, and {days} days of the lake were built anew")


if __name__ == "__main__":
    main()
