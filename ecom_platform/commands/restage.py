"""`python -m ecom_platform.commands.restage`: cut all days anew by the store's time zone of now.

For after `ECOM_STORE_TIME_ZONE` was changed. Stop `make up` first.
"""

import argparse
import sys

import dagster as dg

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.pipeline.restaging import restage
from ecom_platform.settings import Settings


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.restage", description=__doc__
    ).parse_args()
    batch = Batch.of(Settings.from_environment(), dg.DagsterInstance.get())
    try:
        count = restage(batch.tables, batch.engine, print)
        days = batch.rebuild()
    except RunFailedError as error:
        sys.exit(f"error: {error}")
    print(
        f"{count} files and hours are cut by {batch.tables.store_time_zone} now,"
        f" and {len(days)} days of the lake were built anew"
    )


if __name__ == "__main__":
    main()
