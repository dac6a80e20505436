"""The manifest of raw files: every version that was ever seen, and which one lies under each key.

What does not belong here: reading what is in the files (`files`).
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from ecom_platform.contracts.lake import RAW_EVENT_FILES
from ecom_platform.lake.event_files import EventFile
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.parquet import arrow_schema, write_table


@dataclass(frozen=True)
class Manifest:
    """Every version that was ever seen, and which one lies under each key."""

    files: list[EventFile]
    current: dict[str, str]

    def joined(self, listing: list[EventFile]) -> "Manifest":
        """The manifest after a look at the bucket.

        A version keeps the time at which it was first seen, so that a re-run judges its rows the
        same. An object that was deleted stays current: what it brought is taken back on command.
        """
        known = {file.file_id: file for file in self.files}
        listed = {file.file_id: file for file in listing}
        current = self.current | {file.object_key: file.file_id for file in listing}
        files = sorted({**listed, **known}.values(), key=lambda file: file.manifest_order)
        return Manifest(files, current)


def publish_manifest(tables: TableStore, manifest: Manifest, folder: Path) -> None:
    schema = arrow_schema(RAW_EVENT_FILES.columns)
    rows = pa.Table.from_pylist([manifest_row(file) for file in manifest.files], schema=schema)
    written = write_table(rows, folder / "event_files.parquet")
    placed = tables.upload(RAW_EVENT_FILES, [((), written)])
    details = {
        "files": [file.to_details() for file in manifest.files],
        "current": manifest.current,
    }
    tables.publish(RAW_EVENT_FILES, [Draft("all", tuple(placed), details)])


def read_manifest(tables: TableStore) -> Manifest:
    """The manifest as it was published last; empty before its first publication."""
    commits = tables.commits(RAW_EVENT_FILES, ["all"])
    details = commits[0].details if commits else {"files": [], "current": {}}
    files = [EventFile.from_details(entry) for entry in details["files"]]
    return Manifest(files, details["current"])


def manifest_row(file: EventFile) -> dict[str, object]:
    return {"file_id": file.file_id, **asdict(file)}
