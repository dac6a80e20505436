"""Which raw object is meant, in which version, and in which order files count.

What does not belong here: what is inside a file (`event_csv`, `staging`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

RAW_PREFIX = "raw/"
STREAM_PREFIX = "raw/stream_events/"
SUFFIXES = (".csv", ".csv.gz")


@dataclass(frozen=True)
class EventFile:
    """One version of one CSV object.

    Attributes:
        object_key: key in the data bucket, `raw/` included.
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
        """Key and short ETag, safe in a path and as a Dagster partition key."""
        name = quote(self.object_key.removeprefix(RAW_PREFIX), safe="").replace("%", "~")
        return f"{name}@{self.etag[:12]}"

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


def is_event_file(object_key: str) -> bool:
    """Whether an object under `raw/` is an export (the archive of the stream is not)."""
    return object_key.endswith(SUFFIXES) and not object_key.startswith(STREAM_PREFIX)
