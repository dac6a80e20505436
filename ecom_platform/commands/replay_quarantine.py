"""`python -m ecom_platform.commands.replay_quarantine`: read files with refused rows again.

For after a rule was mended: rows that are good by today's rules leave the quarantine, and the days
that they belong to are built anew. Rows that are wrong themselves are mended by delivering the file
corrected under its own key, or the mended rows in a file of their own.
"""

from collections.abc import Iterable

import dagster as dg

from ecom_platform.batch import Batch
from ecom_platform.pipeline.file_verdicts import FileVerdict
from ecom_platform.settings import Settings


def replay(batch: Batch) -> tuple[int, int]:
    """Stage such files anew; returns how many rows were in quarantine before and after."""
    before = batch.verdicts()
    listed = {file.file_id for file in batch.tables.objects.exports().files}
    refused = [one for one in before if one.refusal or one.refused]
    batch.stage([one.file.file_id for one in refused if one.file.file_id in listed])
    batch.rebuild()
    after = batch.verdicts()
    return _refused_rows(before), _refused_rows(after)


def _refused_rows(verdicts: Iterable[FileVerdict]) -> int:
    return sum(verdict.refused_row_count for verdict in verdicts)


def main() -> None:
    before, after = replay(Batch.of(Settings.from_environment(), dg.DagsterInstance.get()))
    print(f"{before} rows were in quarantine, {before - after} of them are good now, {after} stay")


if __name__ == "__main__":
    main()
