"""Staging raw files: from objects to published parts, or to a recorded refusal.

Small files are read one after the other and published together: a publication costs the same
for one file and for many. What does not belong here: how a file is read (`lake`).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts.lake import QUARANTINED_EVENTS, STAGED_EVENTS, STAGED_FILES
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.file_rows import StagedFile, stage_file
from ecom_platform.lake.ledgers import FileLedger
from ecom_platform.lake.refusal_report import RefusedRows, refused_rows
from ecom_platform.lake.spool import open_spool
from ecom_platform.resources.object_store import ObjectReplacedError
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform.tables.parquet import WrittenPartition, arrow_schema, write_table
from ecom_platform.tables.progress import report_progress

TOGETHER_FILES = 250
TOGETHER_BYTES = 256 << 20
"""What is read before it is published: bounded by the scratch disk, and by what a crash repeats."""

Say = Callable[[str], None]


@dataclass
class FileReading:
    """What became of one file.

    Attributes:
        file: the version that was to be read.
        ledger: its row of `lake/staged_files`; none where it was not read to the end.
        staged: its rows, on local disk.
        is_gone: whether another version lies there now, or none; it is read when it comes back.
        error: what kept it from being published, its own or one that nobody foresaw.
        seconds: how long it took.

    """

    file: EventFile
    ledger: FileLedger | None = None
    staged: StagedFile | None = None
    is_gone: bool = False
    error: Exception | None = None
    seconds: float = 0.0
    refused: tuple[RefusedRows, ...] = field(default=())

    @property
    def days(self) -> list[date]:
        return sorted(self.staged.days) if self.staged else []


def stage_files(
    files: Sequence[EventFile], tables: TableStore, engine: QueryEngine, say: Say
) -> Iterator[FileReading]:
    """Read raw files once each, and publish what they hold; one that fails stops no other."""
    for group in groups(files):
        with engine.workspace() as (connection, folder):
            readings = []
            for place, file in enumerate(group):
                own_folder = folder / str(place)
                own_folder.mkdir()
                readings.append(_read(file, tables, connection, own_folder, say))
            _publish([one for one in readings if one.ledger], tables, folder)
        yield from readings


def groups(files: Sequence[EventFile]) -> Iterator[list[EventFile]]:
    """Files that are published together, in their order."""
    group: list[EventFile] = []
    size = 0
    for file in files:
        is_full = len(group) == TOGETHER_FILES or size + file.byte_count > TOGETHER_BYTES
        if group and is_full:
            yield group
            group, size = [], 0
        group.append(file)
        size += file.byte_count
    if group:
        yield group


def _read(
    file: EventFile,
    tables: TableStore,
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    say: Say,
) -> FileReading:
    started = time.monotonic()
    reading = FileReading(file)
    path = folder / "events.csv"
    try:
        tables.objects.download(file, path)
    except ObjectReplacedError as error:
        reading.is_gone = True
        say(f"{error}; it is read when it lies there again")
        return reading
    try:
        reading.staged = _stage(file, path, tables.store_time_zone, connection, say)
        reading.ledger = _ledger(file, reading.staged)
        reading.refused = refused_rows(reading.staged.quarantine)
    except FileRefusedError as error:
        reading.ledger = _ledger(file, None, refusal=str(error))
    except Exception as error:  # noqa: BLE001 - told by the file's name once the others are done
        reading.error = error
    finally:
        path.unlink(missing_ok=True)
    reading.seconds = time.monotonic() - started
    return reading


def _stage(
    file: EventFile, path: Path, zone: str, connection: duckdb.DuckDBPyConnection, say: Say
) -> StagedFile:
    spool = open_spool(path)
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    with report_progress(connection, say, file.object_key, row_count=spool.line_count):
        return stage_file(
            connection,
            spool,
            last_modified_at=file.last_modified_at,
            directory=path.parent / "staged",
            store_time_zone=zone,
        )


def _ledger(file: EventFile, staged: StagedFile | None, refusal: str | None = None) -> FileLedger:
    """A refused file has no rows that count."""
    return FileLedger(
        object_key=file.object_key,
        last_modified_at=file.last_modified_at,
        byte_count=file.byte_count,
        read_row_count=staged.read_row_count if staged else 0,
        staged_row_count=staged.staged_row_count if staged else 0,
        quarantined_row_count=staged.quarantine.num_rows if staged else 0,
        absent_columns=staged.absent_columns if staged else (),
        refusal=refusal,
    )


def _publish(readings: Sequence[FileReading], tables: TableStore, folder: Path) -> None:
    """The parts last: their commit is what the days are built from."""
    good = [one for one in readings if one.staged]
    quarantines = [
        ((one.file.file_id,), _written(one.staged.quarantine, folder, "quarantine", place))
        for place, one in enumerate(good)
        if one.staged
    ]
    placed = tables.upload(QUARANTINED_EVENTS, quarantines)
    tables.publish(QUARANTINED_EVENTS, [Draft(part.values[0], (part,)) for part in placed])
    ledgers = _publish_ledgers(readings, tables, folder)
    parts = [
        ((one.file.file_id, str(day)), part)
        for one in good
        if one.staged
        for day, part in sorted(one.staged.days.items())
    ]
    by_file: dict[str, list[PublishedPartition]] = {}
    for part in tables.upload(STAGED_EVENTS, parts):
        by_file.setdefault(part.values[0], []).append(part)
    drafts = [_parts_draft(one, by_file, ledgers[one.file.file_id], tables) for one in good]
    tables.publish(STAGED_EVENTS, drafts)


def _parts_draft(
    reading: FileReading,
    parts: dict[str, list[PublishedPartition]],
    ledger_location: str,
    tables: TableStore,
) -> Draft:
    file_id = reading.file.file_id
    details = {
        "file": reading.file.to_details(),
        "absent_columns": reading.ledger.absent_columns if reading.ledger else (),
        "store_time_zone": tables.store_time_zone,
        "ledger": ledger_location,
    }
    return Draft(file_id, tuple(parts.get(file_id, [])), details)


def _publish_ledgers(
    readings: Sequence[FileReading], tables: TableStore, folder: Path
) -> dict[str, str]:
    """File → where its row of `lake/staged_files` lies."""
    schema = arrow_schema(STAGED_FILES.columns)
    written, details = [], {}
    for place, one in enumerate(readings):
        if one.ledger is None:
            continue
        rows = pa.Table.from_pylist([one.ledger.row], schema=schema)
        written.append(((one.file.file_id,), _written(rows, folder, "ledger", place)))
        details[one.file.file_id] = {
            "file": one.file.to_details(),
            "refusal": one.ledger.refusal,
            "read_row_count": one.ledger.read_row_count,
            "staged_row_count": one.ledger.staged_row_count,
            "refused_rows": [refused.to_details() for refused in one.refused],
        }
    placed = tables.upload(STAGED_FILES, written)
    drafts = [Draft(part.values[0], (part,), details[part.values[0]]) for part in placed]
    tables.publish(STAGED_FILES, drafts)
    return {part.values[0]: part.location for part in placed}


def _written(rows: pa.Table, folder: Path, name: str, place: int) -> WrittenPartition:
    return write_table(rows, folder / f"{name}-{place}.parquet")
