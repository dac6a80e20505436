"""What was said of each file that was read: how many rows are good, and what was refused.

What does not belong here: reading files (`files`), and printing (`commands`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ecom_platform.contracts.lake import STAGED_EVENTS, STAGED_FILES
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.refusal_report import RefusedRows
from ecom_platform.pipeline.manifest import read_manifest
from ecom_platform.resources.table_store import TableStore


@dataclass(frozen=True)
class FileVerdict:
    """What was said of a file.

    Attributes:
        file: the version that was read.
        refusal: why the file as a whole was refused, with the remedy.
        read_row_count, staged_row_count: its rows, and how many of them are good.
        refused: what was refused of its rows, by reason.

    """

    file: EventFile
    refusal: str | None
    read_row_count: int
    staged_row_count: int
    refused: tuple[RefusedRows, ...]

    @property
    def is_useless(self) -> bool:
        """Whether nothing came of it: it was refused, or none of its rows is good."""
        return self.refusal is not None or self.read_row_count > self.staged_row_count == 0

    @property
    def refused_row_count(self) -> int:
        return self.read_row_count - self.staged_row_count


def standing_verdicts(tables: TableStore) -> list[FileVerdict]:
    """Verdicts that hold still: on the version that lies under its key, unless it was retired."""
    manifest = read_manifest(tables)
    standing = set(manifest.current.values()) - set(manifest.retired)
    names = [file.file_id for file in manifest.files if file.file_id in standing]
    verdicts = {commit.name: commit for commit in tables.commits(STAGED_FILES, names)}
    return [
        FileVerdict(
            file=EventFile.from_details(details["file"]),
            refusal=details["refusal"],
            read_row_count=details["read_row_count"],
            staged_row_count=details["staged_row_count"],
            refused=RefusedRows.from_details(details["refused_rows"]),
        )
        for name in names
        if name in verdicts
        for details in [verdicts[name].details]
    ]


def read_files(tables: TableStore) -> set[str]:
    """Files that were read to the end: refused, or their parts are published too.

    A row of `lake/staged_files` alone does not tell: its writer may have died before the parts.
    """
    parts = {c.name: c.details["ledger"] for c in tables.commits(STAGED_EVENTS)}
    return {
        commit.name
        for commit in tables.commits(STAGED_FILES)
        if commit.details["refusal"] or parts.get(commit.name) == commit.partitions[0].location
    }


def waiting_files(listing: Iterable[EventFile], read: set[str]) -> list[EventFile]:
    """Files that lie there now and were never read to the end, in manifest order."""
    waiting = [file for file in listing if file.file_id not in read]
    return sorted(waiting, key=lambda file: file.manifest_order)
