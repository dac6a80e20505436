"""Staging raw files: from objects to published parts, or to a recorded refusal.

Small files are read one after the other and published together: a publication costs the same
for one file and for many. What does not belong here: how a file is read (`lake`).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts.lake import QUARANTINED_EVENTS, STAGED_EVENTS, STAGED_FILES
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.file_rows import StagedFile, stage_file
from ecom_platform.lake.placed_files import PlacedFile
from ecom_platform.lake.refusal_report import refused_rows
from ecom_platform.lake.spool import open_spool
from ecom_platform.lake.terms import Terms
from ecom_platform.pipeline.erasure_requests import terms_of
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
        staged: its rows, on local disk until they are placed.
        placed: where they lie; none where the file was not read to the end. Without an error it is
            gone then: another version lies there now, or none; it is read when it comes back.
        error: what kept it from being published, its own or one that nobody foresaw.
        seconds: how long it took.

    """

    file: EventFile
    staged: StagedFile | None = None
    placed: PlacedFile | None = None
    error: Exception | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Scratch:
    """An engine, and a folder that holds nothing of other files."""

    connection: duckdb.DuckDBPyConnection
    folder: Path


Elsewhere = Callable[[Sequence[EventFile]], Sequence[Mapping[str, str]]]
"""Reads large files on other machines; says of each `file_id` what was `placed`, or `gone`, or an
`error`.
"""


class FileFailedError(RuntimeError):
    """A file met an error that nobody foresaw on another machine; the message is its traceback."""


def stage_files(
    files: Sequence[EventFile], tables: TableStore, engine: QueryEngine, say: Say
) -> Iterator[FileReading]:
    """Read raw files once each, and publish what they hold; one that fails stops no other."""
    terms = terms_of(tables)
    for group in groups(files):
        with engine.workspace() as (connection, folder):
            readings = []
            for place, file in enumerate(group):
                own_folder = folder / str(place)
                own_folder.mkdir()
                readings.append(_read(file, tables, terms, Scratch(connection, own_folder), say))
            _place(readings, tables, folder)
            _publish([one.placed for one in readings if one.placed], tables, folder)
        yield from readings


def stage_files_elsewhere(
    files: Sequence[EventFile],
    tables: TableStore,
    engine: QueryEngine,
    elsewhere: Elsewhere,
) -> list[FileReading]:
    """Let others read raw files, and publish what they put."""
    started = time.monotonic()
    said = {message["file_id"]: message for message in elsewhere(files)}
    seconds = time.monotonic() - started
    readings = [_said(file, said.get(file.file_id, {}), seconds) for file in files]
    with engine.workspace() as (_, folder):
        _publish([one.placed for one in readings if one.placed], tables, folder)
    return readings


def _said(file: EventFile, message: Mapping[str, str], seconds: float) -> FileReading:
    reading = FileReading(file, seconds=seconds)
    if placed := message.get("placed"):
        reading.placed = PlacedFile.from_json(placed)
    elif "gone" not in message:
        error = message.get("error", "nothing was said of it; see the job's log")
        reading.error = FileFailedError(error)
    return reading


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
    terms: Terms,
    scratch: Scratch,
    say: Say,
) -> FileReading:
    started = time.monotonic()
    reading = FileReading(file)
    path = scratch.folder / "events.csv"
    try:
        tables.objects.download(file, path)
    except ObjectReplacedError as error:
        say(f"{error}; it is read when it lies there again")
        return reading
    try:
        reading.staged = _stage(file, path, terms, scratch.connection, say)
    except FileRefusedError as error:
        reading.placed = PlacedFile(file=file, refusal=str(error))
    except Exception as error:  # noqa: BLE001 - told by the file's name once the others are done
        reading.error = error
    finally:
        path.unlink(missing_ok=True)
    reading.seconds = time.monotonic() - started
    return reading


def _stage(
    file: EventFile,
    path: Path,
    terms: Terms,
    connection: duckdb.DuckDBPyConnection,
    say: Say,
) -> StagedFile:
    spool = open_spool(path)
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    with report_progress(connection, say, file.object_key, row_count=spool.line_count):
        return stage_file(
            connection,
            spool,
            last_modified_at=file.last_modified_at,
            directory=path.parent / "staged",
            terms=terms,
        )


def _place(readings: Sequence[FileReading], tables: TableStore, folder: Path) -> None:
    """Put the rows of files into the data bucket."""
    staged = {one.file.file_id: one.staged for one in readings if one.staged}
    quarantines = [
        ((file_id,), _written(one.quarantine, folder, "quarantine", place))
        for place, (file_id, one) in enumerate(staged.items())
    ]
    parts = [
        ((file_id, str(day)), part)
        for file_id, one in staged.items()
        for day, part in sorted(one.days.items())
    ]
    quarantined = {one.values[0]: one for one in tables.upload(QUARANTINED_EVENTS, quarantines)}
    by_file: dict[str, list[PublishedPartition]] = {}
    for part in tables.upload(STAGED_EVENTS, parts):
        by_file.setdefault(part.values[0], []).append(part)
    for one in readings:
        if one.staged:
            one.placed = PlacedFile(
                file=one.file,
                read_row_count=one.staged.read_row_count,
                absent_columns=one.staged.absent_columns,
                parts=tuple(by_file.get(one.file.file_id, [])),
                quarantine=quarantined[one.file.file_id],
                refused=refused_rows(one.staged.quarantine),
            )


def _publish(placed: Sequence[PlacedFile], tables: TableStore, folder: Path) -> None:
    """The parts last: their commit is what the days are built from."""
    quarantines = [one.quarantine for one in placed if one.quarantine]
    tables.publish(QUARANTINED_EVENTS, [Draft(one.values[0], (one,)) for one in quarantines])
    ledgers = _publish_ledgers(placed, tables, folder)
    drafts = [
        Draft(
            one.file.file_id,
            one.parts,
            {
                "file": one.file.to_details(),
                "absent_columns": one.absent_columns,
                "store_time_zone": tables.store_time_zone,
                "ledger": ledgers[one.file.file_id],
            },
        )
        for one in placed
        if not one.refusal
    ]
    tables.publish(STAGED_EVENTS, drafts)


def _publish_ledgers(
    placed: Sequence[PlacedFile], tables: TableStore, folder: Path
) -> dict[str, str]:
    """File → where its row of `lake/staged_files` lies."""
    schema = arrow_schema(STAGED_FILES.columns)
    written, details = [], {}
    for place, one in enumerate(placed):
        rows = pa.Table.from_pylist([one.ledger.row], schema=schema)
        written.append(((one.file.file_id,), _written(rows, folder, "ledger", place)))
        details[one.file.file_id] = {
            "file": one.file.to_details(),
            "refusal": one.refusal,
            "read_row_count": one.ledger.read_row_count,
            "staged_row_count": one.ledger.staged_row_count,
            "refused_rows": [refused.to_details() for refused in one.refused],
        }
    uploaded = tables.upload(STAGED_FILES, written)
    drafts = [Draft(part.values[0], (part,), details[part.values[0]]) for part in uploaded]
    tables.publish(STAGED_FILES, drafts)
    return {part.values[0]: part.location for part in uploaded}


def _written(rows: pa.Table, folder: Path, name: str, place: int) -> WrittenPartition:
    return write_table(rows, folder / f"{name}-{place}.parquet")
