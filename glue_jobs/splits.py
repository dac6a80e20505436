"""One split of a raw file, read where Spark puts it: fetched, judged by `lake`, put back to S3.

What does not belong here: which splits there are, and what they are together (`files`).
"""

import shutil
import tempfile
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import duckdb
import pyarrow as pa
from botocore.exceptions import ClientError

from ecom_platform.contracts import Table
from ecom_platform.contracts.lake import STAGED_EVENTS
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.file_rows import stage_file
from ecom_platform.lake.file_splits import Split, SplitLines
from ecom_platform.lake.spool import open_spool
from ecom_platform.lake.terms import Terms
from ecom_platform.tables.commits import PublishedPartition, data_prefix
from ecom_platform.tables.parquet import WrittenPartition

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

MEMORY = "1GB"
"""What DuckDB may take for a task before it spills: a G.1X worker runs four beside its JVM."""


@cache
def s3() -> "S3Client":
    """One client a process; making one costs tenths of a second."""
    return boto3.client("s3")


@dataclass(frozen=True)
class Work:
    """Reading one file.

    Attributes:
        bucket: the data bucket.
        file: the version that is meant; another one that lies there now is an error.
        terms: how days are cut, and who is forgotten.
        write_id: under which all is put.

    """

    bucket: str
    file: EventFile
    terms: Terms
    write_id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])

    def lies_there(self) -> bool:
        """Whether the version that is meant is the one under the key."""
        try:
            found = s3().head_object(Bucket=self.bucket, Key=self.file.object_key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":
                return False
            raise
        return bool(found["ETag"].strip('"') == self.file.etag)

    def afresh(self) -> "Work":
        """The same work, put beside nothing that was put before."""
        return Work(self.bucket, self.file, self.terms)

    def fetch(self, *span: int) -> "StreamingBody":
        """The bytes of the object, or those from a first to a last one.

        Raises:
            ClientError: of code `PreconditionFailed` or `NoSuchKey`, where it was replaced.

        """
        wanted: Any = {"Range": "bytes={}-{}".format(*span)} if span else {}
        return s3().get_object(
            Bucket=self.bucket, Key=self.file.object_key, IfMatch=f'"{self.file.etag}"', **wanted
        )["Body"]

    def put(
        self, table: Table, values: tuple[str, ...], part: WrittenPartition, label: str
    ) -> PublishedPartition:
        """Put the files of a partition of this file where no reader looks yet."""
        values = (self.file.file_id, *values)
        prefix = data_prefix(table, self.write_id, values)
        for path in part.files:
            s3().upload_file(str(path), self.bucket, f"{prefix}/{label}-{path.name}")
        location = f"s3://{self.bucket}/{prefix}/"
        return PublishedPartition(values, location, part.row_count, part.byte_count)


@dataclass(frozen=True)
class ReadSplit:
    """What became of a split, or of a file as a whole.

    Attributes:
        read_row_count, absent_columns, quarantine: as of a file, `StagedFile`.
        parts: its good rows, put under the write by day.
        lines: what is to be known of its lines.
        refusal: why it was refused; then there is nothing else.

    """

    read_row_count: int = 0
    absent_columns: tuple[str, ...] = ()
    quarantine: pa.Table | None = None
    parts: tuple[PublishedPartition, ...] = ()
    lines: SplitLines | None = None
    refusal: str | None = None


def read_split(work: Work, split: Split, header: bytes) -> ReadSplit:
    """Read the lines of a split."""
    lines = split.own_lines(work.fetch(*split.reach()).read())
    with tempfile.TemporaryDirectory(prefix="ecom-") as name:
        path = Path(name) / "events.csv"
        path.write_bytes((header if split.number else b"") + lines)
        return _read(work, path, f"{split.number:05}")


def read_whole(work: Work) -> ReadSplit:
    """Read a file that must not be cut, whatever it is."""
    with tempfile.TemporaryDirectory(prefix="ecom-") as name:
        path = Path(name) / "events.csv"
        with path.open("wb") as copy:
            shutil.copyfileobj(work.fetch(), copy)
        return _read(work, path, "whole")


def _read(work: Work, path: Path, label: str) -> ReadSplit:
    try:
        spool = open_spool(path)
        options: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": str(path.parent / "spill"),
        }
        with duckdb.connect(config=options) as connection:
            # One thread gives the same files each time: what a task leaves behind that Spark runs
            # again is overwritten, and no row counts twice.
            connection.execute("set threads = 1")
            staged = stage_file(
                connection,
                spool,
                last_modified_at=work.file.last_modified_at,
                directory=path.parent / "staged",
                terms=work.terms,
            )
    except FileRefusedError as error:
        return ReadSplit(refusal=str(error))
    return ReadSplit(
        read_row_count=staged.read_row_count,
        absent_columns=staged.absent_columns,
        quarantine=staged.quarantine,
        parts=tuple(
            work.put(STAGED_EVENTS, (str(day),), part, label)
            for day, part in sorted(staged.days.items())
        ),
        lines=SplitLines.of(spool),
    )
