"""The words in which a table is described: column, table, input.

What does not belong here: any single table (see the module of its layer), and anything about
how an engine or Glue writes these types down.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

ColumnType = Literal[
    "bigint", "int", "double", "boolean", "string", "date", "timestamp", "decimal(14,2)",
    "decimal(20,2)",
]  # fmt: skip

FIRST_DATE = date(2019, 1, 1)
"""The first daily partition; older events are quarantined as `outside_partition_range`."""


@dataclass(frozen=True)
class Column:
    """One column. `accepted_values`, where given, are all the values that it may hold."""

    name: str
    type: ColumnType
    description: str
    nullable: bool = False
    accepted_values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """A table that a mart reads, and the days around its own day that it reads of it."""

    layer: str
    table: str
    days_before: int = 0
    days_after: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return (self.layer, self.table)

    def dates(self, start: date, end: date) -> tuple[date, date]:
        """The first and the last day of this input that the days `start` to `end` need."""
        return start - timedelta(days=self.days_before), end + timedelta(days=self.days_after)


@dataclass(frozen=True)
class Table:
    """What a table looks like: one truth for Parquet, Glue, checks, metadata and docs.

    Attributes:
        layer, name: the two parts of the asset key; also the Glue database and table.
        description: what a row is, where it comes from, who reads it.
        owner: `team:…`, as Dagster and the catalog show it.
        columns: all columns that the Parquet files hold, in order, without the partition's.
        partition_columns: the columns by which partitions are found.
        primary_key: columns that are unique together; empty where rows may repeat.
        inputs: what a mart reads.

    """

    layer: str
    name: str
    description: str
    owner: str
    columns: tuple[Column, ...]
    partition_columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return (self.layer, self.name)

    @property
    def path(self) -> str:
        """Its name in messages: `lake/events`."""
        return f"{self.layer}/{self.name}"

    @property
    def prefix(self) -> str:
        """The table's folder in the data bucket. Under `raw/` lies only what others put there."""
        return f"lake/raw_{self.name}" if self.layer == "raw" else self.path

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return (*self.columns, *self.partition_columns)


EVENT_DATE = Column("event_date", "date", "Day of the event in the store's time; the partition.")
