"""Staging one raw file: from the object to published parts, or to a recorded refusal.

What does not belong here: the Dagster asset (`assets`), and how a file is read (`lake.staging`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from ecom_platform.contracts import Table
from ecom_platform.contracts.lake import QUARANTINED_EVENTS, STAGED_EVENTS, STAGED_FILES
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_rows import StagedFile, stage_file
from ecom_platform.lake.spool import open_spool
from ecom_platform.resources.object_store import ObjectReplacedError
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.commits import Commit
from ecom_platform.tables.errors import FileRefusedError
from ecom_platform.tables.parquet import arrow_schema, write_table
from ecom_platform.tables.progress import told


@dataclass(frozen=True)
class StagingReport:
    """What became of a file: its row of `lake/staged_files`, its days, and how long it took."""

    ledger: dict[str, object]
    days: tuple[date, ...]
    seconds: float

    @property
    def refusal(self) -> str | None:
        found = self.ledger["refusal"]
        return None if found is None else str(found)


def stage(
    file: EventFile,
    tables: TableStore,
    engine: QueryEngine,
    say: Callable[[str], None],
) -> StagingReport:
    """Read a raw file once, and publish what it holds; long work is told to `say`."""
    started = time.monotonic()
    with engine.workspace() as (connection, folder):
        try:
            path = folder / "events.csv"
            tables.objects.download(file, path)
            spool = open_spool(path)
            with told(connection, say, file.object_key, row_count=spool.line_count):
                staged = stage_file(
                    connection,
                    spool,
                    last_modified_at=file.last_modified_at,
                    directory=folder / "staged",
                )
        except (FileRefusedError, ObjectReplacedError) as error:
            ledger = _ledger(file, None, refusal=str(error))
            _publish_row(STAGED_FILES, file, ledger, folder, tables)
            return StagingReport(ledger, (), time.monotonic() - started)
        ledger = _ledger(file, staged, refusal=None)
        _publish(file, staged, ledger, folder, tables)
    return StagingReport(ledger, tuple(sorted(staged.days)), time.monotonic() - started)


def read_files(tables: TableStore) -> set[str]:
    """Files that were read to the end: refused, or their parts are published too.

    A row of `lake/staged_files` alone does not tell: its writer may have died before the parts.
    """
    parts = {c.name: c.details.get("ledger") for c in tables.commits(STAGED_EVENTS)}
    return {
        commit.name
        for commit in tables.commits(STAGED_FILES)
        if commit.details["refusal"] or parts.get(commit.name) == commit.partitions[0].location
    }


def _publish(
    file: EventFile,
    staged: StagedFile,
    ledger: dict[str, object],
    folder: Path,
    tables: TableStore,
) -> None:
    """The parts last: their commit is what the days are built from."""
    quarantined = write_table(staged.quarantine, folder / "quarantine.parquet")
    placed = tables.upload(QUARANTINED_EVENTS, [((file.file_id,), quarantined)])
    tables.publish(QUARANTINED_EVENTS, [Draft(file.file_id, tuple(placed))])
    row = _publish_row(STAGED_FILES, file, ledger, folder, tables)
    parts = [((file.file_id, str(day)), part) for day, part in sorted(staged.days.items())]
    details = {
        "file": file.to_details(),
        "absent_columns": staged.absent_columns,
        "read_row_count": staged.read_row_count,
        "quarantined_row_count": staged.quarantine.num_rows,
        "ledger": row.partitions[0].location,
    }
    draft = Draft(file.file_id, tuple(tables.upload(STAGED_EVENTS, parts)), details)
    tables.publish(STAGED_EVENTS, [draft])


def _publish_row(
    table: Table, file: EventFile, row: dict[str, object], folder: Path, tables: TableStore
) -> Commit:
    rows = pa.Table.from_pylist([row], schema=arrow_schema(table.columns))
    written = write_table(rows, folder / f"{table.name}.parquet")
    placed = tables.upload(table, [((file.file_id,), written)])
    details = {"refusal": row.get("refusal")}
    return tables.publish(table, [Draft(file.file_id, tuple(placed), details)])[0]


def _ledger(
    file: EventFile, staged: StagedFile | None, *, refusal: str | None
) -> dict[str, object]:
    """The row of `lake/staged_files`; a refused file has no rows that count."""
    absent: Sequence[str] = staged.absent_columns if staged else ()
    return {
        "object_key": file.object_key,
        "last_modified_at": file.last_modified_at,
        "byte_count": file.byte_count,
        "read_row_count": staged.read_row_count if staged else 0,
        "staged_row_count": staged.staged_row_count if staged else 0,
        "quarantined_row_count": staged.quarantine.num_rows if staged else 0,
        "absent_columns": ", ".join(absent),
        "refusal": refusal,
    }
