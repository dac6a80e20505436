"""`python -m ecom_platform.commands.replay_quarantine`: read files with refused rows again.

For after a rule was mended: rows that are good by today's rules leave the quarantine, and the days
that they belong to are built anew. Rows that are wrong themselves are mended by delivering the file
corrected under its own key, or the mended rows in a file of their own.
"""

import dagster as dg

from ecom_platform.batch import Batch
from ecom_platform.contracts.lake import QUARANTINED_EVENTS, STAGED_FILES
from ecom_platform.definitions import platform


def replay(batch: Batch) -> tuple[int, int]:
    """Stage such files anew; returns how many rows were in quarantine before and after."""
    before = _quarantined(batch)
    refused = {
        commit.name for commit in batch.tables.commits(STAGED_FILES) if commit.details["refusal"]
    }
    batch.stage(sorted({name for name, count in before.items() if count} | refused))
    batch.rebuild()
    return sum(before.values()), sum(_quarantined(batch).values())


def _quarantined(batch: Batch) -> dict[str, int]:
    return {commit.name: commit.row_count for commit in batch.tables.commits(QUARANTINED_EVENTS)}


def main() -> None:
    before, after = replay(Batch(platform(), dg.DagsterInstance.get()))
    print(f"{before} rows were in quarantine, {before - after} of them are good now, {after} stay")


if __name__ == "__main__":
    main()
