"""What became of a raw file whose rows lie in S3 already, where no reader looks yet.

Whoever read the file says it: the step itself, or a job on other machines, as JSON. What does not
belong here: showing it to readers (`pipeline.files`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.ledgers import FileLedger
from ecom_platform.lake.refusal_report import RefusedRows
from ecom_platform.tables.commits import PublishedPartition


@dataclass(frozen=True, kw_only=True)
class PlacedFile:
    """A file that was read to its end, or refused as a whole.

    Attributes:
        file: the version that was read.
        read_row_count: rows of it, counted apart from the parser.
        absent_columns: optional columns that it lacks.
        parts: its good rows, of `lake/staged_events`.
        quarantine: its refused rows, of `lake/quarantined_events`; none of a refused file.
        refused: the same told by reason.
        refusal: why the file as a whole was refused.

    """

    file: EventFile
    read_row_count: int = 0
    absent_columns: tuple[str, ...] = ()
    parts: tuple[PublishedPartition, ...] = ()
    quarantine: PublishedPartition | None = None
    refused: tuple[RefusedRows, ...] = ()
    refusal: str | None = None

    @property
    def days(self) -> list[date]:
        return [date.fromisoformat(part.values[1]) for part in self.parts]

    @property
    def ledger(self) -> FileLedger:
        """Its row of `lake/staged_files`. A refused file has no rows that count."""
        return FileLedger(
            object_key=self.file.object_key,
            last_modified_at=self.file.last_modified_at,
            byte_count=self.file.byte_count,
            read_row_count=self.read_row_count,
            staged_row_count=sum(part.row_count for part in self.parts),
            quarantined_row_count=self.quarantine.row_count if self.quarantine else 0,
            absent_columns=self.absent_columns,
            refusal=self.refusal,
        )

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "file": self.file.to_details()})

    @classmethod
    def from_json(cls, text: str) -> "PlacedFile":
        fields = json.loads(text)
        quarantine = fields["quarantine"]
        return cls(
            file=EventFile.from_details(fields["file"]),
            read_row_count=fields["read_row_count"],
            absent_columns=tuple(fields["absent_columns"]),
            parts=tuple(_partition(part) for part in fields["parts"]),
            quarantine=_partition(quarantine) if quarantine else None,
            refused=RefusedRows.from_details(fields["refused"]),
            refusal=fields["refusal"],
        )


def _partition(fields: Mapping[str, Any]) -> PublishedPartition:
    return PublishedPartition(**{**fields, "values": tuple(fields["values"])})
