"""The manifest of raw files: every version that was ever seen, and which one lies under each key.

What does not belong here: reading what is in the files (`files`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from ecom_platform.contracts.lake import RAW_EVENT_FILES
from ecom_platform.lake.event_files import EventFile
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.parquet import arrow_schema, write_table

CLOCKS_DIFFER = timedelta(minutes=5)


class UnknownFileError(ValueError):
    """No file of that name was ever seen; the message lists some that were."""


@dataclass(frozen=True)
class Manifest:
    """Every version that was ever seen.

    Attributes:
        files: the versions, in the order in which they count.
        current: object key → id of the version that lies there, or lay there when it was deleted.
        retired: id of a version that was taken back by command → when; it counts again only if it
            is put again later.

    """

    files: list[EventFile] = field(default_factory=list)
    current: Mapping[str, str] = field(default_factory=dict)
    retired: Mapping[str, datetime] = field(default_factory=dict)

    def joined(self, listing: Iterable[EventFile]) -> "Manifest":
        """The manifest after a look at the bucket.

        A version keeps the time at which it was first seen, so that a re-run judges its rows the
        same. An object that was deleted stays current: what it brought is taken back on command.
        """
        listed = {file.file_id: file for file in listing}
        known = {file.file_id: file for file in self.files}
        current = {**self.current, **{file.object_key: file.file_id for file in listed.values()}}
        retired = {
            file_id: retired_at
            for file_id, retired_at in self.retired.items()
            if file_id not in listed or listed[file_id].last_modified_at <= retired_at
        }
        files = sorted({**listed, **known}.values(), key=lambda file: file.manifest_order)
        return Manifest(files, current, retired)

    def with_retired(self, name: str, at: datetime) -> "Manifest":
        """The manifest with the current version under a key, or a file name, taken back.

        Raises:
            UnknownFileError: there is none.

        """
        keys = [key for key in self.current if key == name or key.endswith(f"/{name}")]
        if not keys:
            some = ", ".join(sorted(self.current)[:5]) or "none at all"
            raise UnknownFileError(f"no file {name!r} was ever seen; known are: {some}")
        retired = {**self.retired, **{self.current[key]: at for key in keys}}
        return replace(self, retired=retired)

    def with_rewritten(self, old: EventFile, new: EventFile, at: datetime) -> "Manifest":
        """The manifest with a version in the place of another whose lines were taken out."""
        files = sorted({*self.files, new}, key=lambda file: file.manifest_order)
        retired = dict(self.retired)
        if old.file_id in retired:
            # Put later than it was taken back, it would count again.
            retired[new.file_id] = at + CLOCKS_DIFFER
        return Manifest(files, {**self.current, new.object_key: new.file_id}, retired)

    def without(self, file_ids: Collection[str]) -> "Manifest":
        """The manifest as though some versions had never been seen."""
        files = [file for file in self.files if file.file_id not in file_ids]
        retired = {name: at for name, at in self.retired.items() if name not in file_ids}
        return replace(self, files=files, retired=retired)


def publish_manifest(tables: TableStore, manifest: Manifest, folder: Path) -> None:
    schema = arrow_schema(RAW_EVENT_FILES.columns)
    rows = [manifest_row(manifest, file) for file in manifest.files]
    written = write_table(pa.Table.from_pylist(rows, schema=schema), folder / "files.parquet")
    placed = tables.upload(RAW_EVENT_FILES, [((), written)])
    details = {
        "files": [file.to_details() for file in manifest.files],
        "current": dict(manifest.current),
        "retired": {file_id: at.isoformat() for file_id, at in manifest.retired.items()},
    }
    tables.publish(RAW_EVENT_FILES, [Draft("all", tuple(placed), details)])


def read_manifest(tables: TableStore) -> Manifest:
    """The manifest as it was published last; empty before its first publication."""
    commits = tables.commits(RAW_EVENT_FILES, ["all"])
    if not commits:
        return Manifest()
    details = commits[0].details
    return Manifest(
        files=[EventFile.from_details(entry) for entry in details["files"]],
        current=details["current"],
        retired={k: datetime.fromisoformat(at) for k, at in details["retired"].items()},
    )


def manifest_row(manifest: Manifest, file: EventFile) -> dict[str, object]:
    is_retired = file.file_id in manifest.retired
    return {"file_id": file.file_id, **asdict(file), "is_retired": is_retired}
