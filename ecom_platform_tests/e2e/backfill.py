"""`python -m ecom_platform_tests.e2e.backfill FIRST LAST`: build all tables of some days again."""

import sys
from datetime import date

import dagster as dg

from ecom_platform.batch import MART_LEVELS, Batch, RunFailedError
from ecom_platform.contracts.lake import DAY_TABLES
from ecom_platform.settings import Settings


def main() -> None:
    first, last = (date.fromisoformat(word) for word in sys.argv[1:])
    batch = Batch.of(Settings.from_environment(), dg.DagsterInstance.get())
    try:
        for tables in (DAY_TABLES, *MART_LEVELS):
            batch.run(tables[0].path, [table.key for table in tables], span=(str(first), str(last)))
    except RunFailedError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
