"""Which raw object is meant, in which version, and in which order files count.

What does not belong here: what is inside a file (`event_csv`, `staging`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

RAW_PREFIX = "raw/"
EXPORTS_PREFIX = "raw/exports/"
"""Where files are delivered; a producer may write nowhere else."""
ARCHIVE_PREFIXES = (
    "raw/stream_events/",
    "raw/stream_events_refused/",
    "raw/stream_detections/",
    "raw/stream_detections_refused/",
)
"""Where Firehose archives the stream, and what it could not archive."""
SUFFIXES = (".csv", ".csv.gz")
HOW_TO_DELIVER = f"event files lie under {EXPORTS_PREFIX} and end in .csv or .csv.gz"
LONGEST_NAME = 160
"""Of a name in a file's id: with its folders an object's key must stay below 1,024 bytes."""
DIGEST_LENGTH = 12


@dataclass(frozen=True)
class EventFile:
    """One version of one CSV object.

    Attributes:
        object_key: key in the data bucket, `raw/exports/` included.
        etag: S3 entity tag, without quotes.
        byte_count: size of the object, in bytes.
        last_modified_at: when this version was put, UTC and without a time zone.

    """

    object_key: str
    etag: str
    byte_count: int
    last_modified_at: datetime

    @property
    def file_id(self) -> str:
        """Key and short ETag, safe in a path and as a Dagster partition key.

        A name that is too long is cut, and told apart from its like by a digest.
        """
        name = quote(self.object_key.removeprefix(EXPORTS_PREFIX), safe="").replace("%", "~")
        if len(name) > LONGEST_NAME:
            digest = sha256(self.object_key.encode()).hexdigest()[:DIGEST_LENGTH]
            name = f"{name[:LONGEST_NAME]}~~{digest}"
        return f"{name}@{self.etag[:DIGEST_LENGTH]}"

    @property
    def manifest_order(self) -> tuple[datetime, str, str]:
        """Files count in the order in which they came; of identical rows the first one counts."""
        return (self.last_modified_at, self.object_key, self.etag)

    def to_details(self) -> dict[str, Any]:
        """The file in the details of a commit, JSON only."""
        return {**asdict(self), "last_modified_at": self.last_modified_at.isoformat()}

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> "EventFile":
        return cls(
            object_key=details["object_key"],
            etag=details["etag"],
            byte_count=details["byte_count"],
            last_modified_at=datetime.fromisoformat(details["last_modified_at"]),
        )


@dataclass(frozen=True)
class Listing:
    """What lies under `raw/` now, the archives of the stream apart.

    Attributes:
        files: event files, to be read.
        ignored: keys of everything else, folder markers apart. Nobody reads them.

    """

    files: list[EventFile]
    ignored: list[str]


def is_event_file(object_key: str) -> bool:
    """Whether an object is an export by its name; case does not matter."""
    return object_key.lower().endswith(SUFFIXES)


def is_marker(object_key: str, byte_count: int) -> bool:
    """Whether an object only marks a folder, as consoles and Spark leave them."""
    name = object_key.rsplit("/", 1)[-1]
    return byte_count == 0 and (not name or name.startswith(("_", ".")) or "$folder$" in name)
