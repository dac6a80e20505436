"""`python -m ecom_platform.commands.build`: stage and build whatever is not up to date.

What the sensors do, at once and in this process; also after runs that failed for good.
"""

import sys

import dagster as dg

from ecom_platform.batch import Batch, RunFailedError, fail_dead_runs
from ecom_platform.definitions import platform


def main() -> None:
    batch = Batch(platform(), dg.DagsterInstance.get())
    fail_dead_runs(batch.instance)
    try:
        refused = batch.take_in()
        batch.take_in_stream()
        changed = batch.rebuild()
    except RunFailedError as error:
        sys.exit(f"error: {error}")
    for file_id, reason in refused.items():
        print(f"refused {file_id}: {reason}")
    print(f"{len(changed)} days of the lake were built; everything is up to date")


if __name__ == "__main__":
    main()
