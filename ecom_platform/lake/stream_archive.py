"""The archive of the stream in S3: objects of lines, told apart by the hour in which they came.

An hour is the unit of staging: it is read again while objects are added to it, and never after.
What does not belong here: what is inside a line (`stream_staging`), and listing (`resources`).
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from ecom_platform.lake.event_files import EventFile

GZIP_MAGIC = b"\x1f\x8b"
ARCHIVE = "raw/stream_events/"
REFUSED = "raw/stream_events_refused/"
"""What Firehose could not archive, each record in an envelope of its own."""
UNREADABLE = "unreadable_base64"
"""The field of a line that holds a record that is no JSON object, byte by byte."""
ENVELOPE = b'"rawData"'
_DAY = re.compile(rf"^(?:{ARCHIVE}|{REFUSED}(?:[^/]+/)?)arrived_date=(\d{{4}}-\d\d-\d\d)/")
_HOUR = re.compile(r"/arrived_hour=([01]\d|2[0-3])/")


@dataclass(frozen=True)
class ArchivedHour:
    """What the archive holds of one hour of arrival, `2026-01-02T03`; objects by key."""

    hour: str
    objects: tuple[EventFile, ...]

    @property
    def digest(self) -> str:
        """Equal where the hour holds the same versions of the same objects."""
        text = "\n".join(f"{found.object_key} {found.etag}" for found in self.objects)
        return sha256(text.encode()).hexdigest()[:16]

    @property
    def byte_count(self) -> int:
        return sum(found.byte_count for found in self.objects)

    @property
    def last_modified_at(self) -> datetime:
        return max(found.last_modified_at for found in self.objects)

    @property
    def as_file(self) -> EventFile:
        """The hour as one file, which is what a day is put together from.

        Its time is that of the last object, and its key is that of no object.
        """
        return EventFile(
            object_key=f"{ARCHIVE}{self.hour}",
            etag=self.digest,
            byte_count=self.byte_count,
            last_modified_at=self.last_modified_at,
        )


def archived_hours(objects: Iterable[EventFile]) -> dict[str, ArchivedHour]:
    """The objects by hour; such as lie in the folder of no day are left out (`is_archived`)."""
    by_hour: dict[str, list[EventFile]] = {}
    for found in sorted(objects, key=lambda one: one.object_key):
        if is_archived(found.object_key):
            by_hour.setdefault(_hour_of(found), []).append(found)
    return {hour: ArchivedHour(hour, tuple(found)) for hour, found in sorted(by_hour.items())}


def is_archived(object_key: str) -> bool:
    """Whether an object lies where the archive puts its own."""
    return _DAY.match(object_key) is not None


def day_prefixes(day: str) -> list[str]:
    """The folders that hold a day of arrival, and those of what was refused on the way."""
    kinds = ("processing-failed", "format-conversion-failed", "s3-delivery-failed")
    refused = [f"{REFUSED}{kind}/arrived_date={day}/" for kind in kinds]
    return [f"{ARCHIVE}arrived_date={day}/", *refused]


def day_of(hour: str) -> str:
    """`2026-01-02T03` → `2026-01-02`."""
    return hour[: len("2026-01-02")]


def _hour_of(archived: EventFile) -> str:
    """Of an object whose key tells only the day, the hour is that in which it was put."""
    day, hour = _DAY.match(archived.object_key), _HOUR.search(archived.object_key)
    put_at = f"{archived.last_modified_at:%H}"
    return f"{day[1] if day else ''}T{hour[1] if hour else put_at}"


def archived_lines(body: bytes) -> list[bytes]:
    """The lines of an object, packed or not; the end of the last one makes no further line.

    An object that looks packed and cannot be unpacked is one line, which says so. A record that
    Firehose put into an envelope, because the function had refused it, is taken out.
    """
    try:
        text = gzip.decompress(body) if body.startswith(GZIP_MAGIC) else body
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return [unreadable_line(f"gzip: {error}".encode())]
    lines = text.split(b"\n")
    whole = lines[:-1] if not lines[-1] else lines
    return [_unwrapped(line) if ENVELOPE in line else line for line in whole]


def unreadable_line(data: bytes, arrived_at: str | None = None) -> bytes:
    """The line of a record that is no JSON object, as `event_transformer` writes it."""
    fields = {"arrived_at": arrived_at} if arrived_at else {}
    return json.dumps({**fields, UNREADABLE: base64.b64encode(data).decode()}).encode()


def _unwrapped(line: bytes) -> bytes:
    try:
        envelope = json.loads(line)
        data = base64.b64decode(envelope["rawData"], validate=True)
        arrived_at = datetime.fromtimestamp(int(envelope["arrivalTimestamp"]) / 1000, UTC)
    except (ValueError, KeyError, TypeError, RecursionError):
        return line
    moment = arrived_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return unreadable_line(data, moment)
    return json.dumps({**event, "arrived_at": moment}).encode()
