"""The record of a publication: what a version of a partition holds and where it lies.

Records are numbered for each partition and written only if the number is free, so that of two
writers one wins. They are the truth from which the catalog can be rebuilt.
What does not belong here: reading and writing them (`resources.table_store`).
"""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from ecom_platform.contracts import Table

_KEY = re.compile(r".*/_commits/(?P<name>[^/]+)/(?P<number>\d+)\.json$")


@dataclass(frozen=True)
class PublishedPartition:
    """One partition of a table.

    Attributes:
        values: of its partition columns.
        location: `s3://…/` of its Parquet.
        row_count: rows in it.
        byte_count: bytes of it.
        content: equal where it says the same to its readers; its location where nothing else is
            known.

    """

    values: tuple[str, ...]
    location: str
    row_count: int
    byte_count: int
    content: str = ""

    @property
    def version(self) -> str:
        return self.content or self.location


@dataclass(frozen=True)
class Commit:
    """One publication.

    Attributes:
        table: folder of the table in the data bucket, `lake/events`.
        name: what was published: a day, a file, or `all`.
        number: 1 for the first version, and so on.
        partitions: the partitions that this version consists of.
        details: what the layer wants to remember, JSON only.

    """

    table: str
    name: str
    number: int
    partitions: tuple[PublishedPartition, ...]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Object key of the record in the data bucket."""
        return f"{commits_prefix(self.table, self.name)}{self.number:06d}.json"

    @property
    def row_count(self) -> int:
        return sum(partition.row_count for partition in self.partitions)

    @property
    def byte_count(self) -> int:
        return sum(partition.byte_count for partition in self.partitions)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Commit":
        fields = json.loads(text)
        partitions = tuple(
            PublishedPartition(**{**part, "values": tuple(part["values"])})
            for part in fields.pop("partitions")
        )
        return cls(partitions=partitions, **fields)


def commits_prefix(table_path: str, name: str | None = None) -> str:
    """Prefix of the records of a table, or of one of its partitions."""
    prefix = f"{table_path}/_commits/"
    return prefix if name is None else f"{prefix}{name}/"


def record_of(key: str) -> tuple[str, int] | None:
    """The partition and the number that a key records; none where it is no record's key."""
    found = _KEY.match(key)
    return (found["name"], int(found["number"])) if found else None


def latest_numbers(keys: list[str]) -> dict[str, int]:
    """The newest version of each partition, from the keys of all records."""
    newest: dict[str, int] = {}
    for record in map(record_of, keys):
        if record:
            name, number = record
            newest[name] = max(newest.get(name, 0), number)
    return newest


def partition_path(table: Table, values: tuple[str, ...]) -> str:
    """Hive style: `event_date=2019-10-01`."""
    names = (column.name for column in table.partition_columns)
    return "/".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


def data_prefix(table: Table, write_id: str, values: tuple[str, ...]) -> str:
    """Where one write puts the files of a partition; no reader looks there before it is shown."""
    return f"{table.prefix}/data/{write_id}/{partition_path(table, values)}".rstrip("/")
