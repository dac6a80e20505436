"""Raw files and archived objects without the lines about somebody who is forgotten.

A file is read by its one reader, so that a line is taken out for whom it is about and not for a
number that it holds. What does not belong here: fetching and putting (`pipeline.erasure`).
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_forms import GZIP_MAGIC
from ecom_platform.lake.file_rows import stage_file
from ecom_platform.lake.line_blocks import BLOCK_BYTES
from ecom_platform.lake.spool import Spool, open_spool
from ecom_platform.lake.stream_archive import UNREADABLE, archived_lines
from ecom_platform.lake.terms import Terms
from ecom_platform.lake.tombstones import Tombstones, erased_lines

HEAD_BYTES = 1 << 16
WHOLE = re.compile(r"0*(\d{1,19})(?:\.0*)?", re.ASCII)
WHO = ("user_id", "entity_id")
"""Fields of events and of detections that name a user."""


def rewritten_export(
    connection: duckdb.DuckDBPyConnection, path: Path, file: EventFile, tombstones: Tombstones
) -> int:
    """Take the lines out of a downloaded file, in place; returns how many. It is left unpacked.

    Raises:
        FileRefusedError: nobody can say which of its lines are about whom.

    """
    spool = open_spool(path)
    if not mentions(path, tombstones) and not any(
        tombstones.are_in(line.text) for line in spool.set_aside.values()
    ):
        return 0
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    staged = stage_file(
        connection,
        spool,
        last_modified_at=file.last_modified_at,
        directory=path.parent / "staged",
        terms=Terms(tombstones=tombstones),
    )
    lines = set(erased_lines(staged.quarantine))
    if lines:
        rewritten = path.with_suffix(".erased")
        with rewritten.open("wb") as copy:
            copy.writelines(_lines_without(spool, lines))
        rewritten.replace(path)
    return len(lines)


def is_opaque(path: Path) -> bool:
    """Whether nobody can look into a file for a number: packed, or no text."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return head.startswith(GZIP_MAGIC) or b"\0" in head


def mentions(path: Path, tombstones: Tombstones) -> bool:
    """Whether a file has such a number at all."""
    with path.open("rb") as file:
        return any(tombstones.are_in(line) for line in file)


def _lines_without(spool: Spool, gone: set[int]) -> Iterator[bytes]:
    with spool.path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number not in gone:
                aside = spool.set_aside.get(number)
                yield aside.text + b"\n" if aside else line


def packed(path: Path) -> Path:
    """The file as gzip, beside it."""
    place = path.with_suffix(".gz")
    with path.open("rb") as file, gzip.open(place, "wb") as copy:
        while chunk := file.read(BLOCK_BYTES):
            copy.write(chunk)
    return place


def unpacked(body: bytes) -> bytes:
    """The content of gzip; of what cannot be unpacked, the bytes as they are."""
    if not body.startswith(GZIP_MAGIC):
        return body
    try:
        return gzip.decompress(body)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return body


def rewritten_object(body: bytes, tombstones: Tombstones) -> tuple[bytes, int]:
    """An archived object without the lines, and how many there were."""
    lines = archived_lines(body)
    kept = [line for line in lines if not is_about(line, tombstones)]
    text = b"".join(line + b"\n" for line in kept)
    return gzip.compress(text) if body.startswith(GZIP_MAGIC) else text, len(lines) - len(kept)


def is_about(line: bytes, tombstones: Tombstones) -> bool:
    """Whether a record is about somebody who is forgotten; of one that names nobody in digits,
    whether it has such a number.
    """
    try:
        fields = json.loads(line)
        if isinstance(fields, dict) and UNREADABLE in fields:
            return tombstones.are_in(base64.b64decode(fields[UNREADABLE]))
    except (ValueError, TypeError, RecursionError):
        return tombstones.are_in(line)
    users = list(_users(fields.get(name) for name in WHO)) if isinstance(fields, dict) else []
    if not users:
        return tombstones.are_in(line)
    moment = _moment(fields.get("event_time"))
    return any(tombstones.hold_for(user, moment) for user in users)


def _users(values: Iterable[object]) -> Iterator[int]:
    for value in values:
        if found := WHOLE.fullmatch(str(value).strip()):
            yield int(found[1])


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text).replace(" UTC", "+00:00"))
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
