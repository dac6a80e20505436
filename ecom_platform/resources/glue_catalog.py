"""The Glue catalog: the one place where readers learn which version of a partition is current.

What does not belong here: what a table looks like (`contracts`, `catalog.glue_tables`).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
from botocore.exceptions import ClientError

from ecom_platform.contracts import Table
from ecom_platform.resources.aws import glue_client
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform.tables.glue_tables import differences, storage, table_input

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

BATCH = 100
"""Partitions that Glue takes in one call."""


class CatalogError(RuntimeError):
    """Glue refused some partitions; the message names the first of them."""


class GlueCatalog(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The databases of this installation."""

    database_prefix: str = ""
    profile: str | None = None

    @property
    def client(self) -> "GlueClient":
        return glue_client(self.profile)

    def database(self, table: Table) -> str:
        return f"{self.database_prefix}{table.layer}"

    def ensure_table(self, table: Table, location: str) -> list[str]:
        """Make the Glue table what the contract says; returns what had to be changed."""
        found = self._table(table)
        if found is None:
            self.client.create_table(
                DatabaseName=self.database(table), TableInput=_typed(table_input(table, location))
            )
            return ["created"]
        changes = differences(table, found)
        if changes:
            place = found["StorageDescriptor"]["Location"]
            self._update(table, place)
        return changes

    def table_location(self, table: Table) -> str | None:
        """Where a table without partitions lies now; none before its first publication."""
        found = self._table(table)
        return found["StorageDescriptor"]["Location"] if found else None

    def partitions(
        self, table: Table, start: date | None = None, end: date | None = None
    ) -> list[PublishedPartition]:
        """The current partitions, of some days where the last partition column is the day.

        A table that was never published has none.
        """
        arguments: dict[str, Any] = {
            "DatabaseName": self.database(table),
            "TableName": table.name,
            "ExcludeColumnSchema": True,
        }
        if start and end:
            column = table.partition_columns[-1].name
            arguments["Expression"] = f"{column} between '{start}' and '{end}'"
        pages = self.client.get_paginator("get_partitions").paginate(**arguments)
        try:
            found = [_published(part) for page in pages for part in page["Partitions"]]
        except self.client.exceptions.EntityNotFoundException:
            return []
        # Not every Glue filters: the local cloud's gives all partitions whatever it is asked.
        return sorted(
            (p for p in found if not (start and end) or str(start) <= p.values[-1] <= str(end)),
            key=lambda part: part.values,
        )

    def point(self, table: Table, partitions: Sequence[PublishedPartition]) -> None:
        """Make these the current versions; each one changes as a whole."""
        if not table.partition_columns:
            place = partitions[-1].location
            self._update(table, place)
            return
        for batch in _batches(partitions):
            self._point_batch(table, batch)

    def _update(self, table: Table, location: str) -> None:
        # Glue would keep each old version of the table, and charge for it.
        self.client.update_table(
            DatabaseName=self.database(table),
            TableInput=_typed(table_input(table, location)),
            SkipArchive=True,
        )

    def _point_batch(self, table: Table, batch: Sequence[PublishedPartition]) -> None:
        entries: list[Any] = [_partition_input(table, part) for part in batch]
        answer = self.client.batch_create_partition(
            DatabaseName=self.database(table), TableName=table.name, PartitionInputList=entries
        )
        errors = answer.get("Errors", [])
        taken = [e for e in errors if e["ErrorDetail"]["ErrorCode"] == "AlreadyExistsException"]
        _raise_for([error for error in errors if error not in taken])
        existing = {tuple(error["PartitionValues"]) for error in taken}
        updates: list[Any] = [
            {"PartitionValueList": entry["Values"], "PartitionInput": entry}
            for entry in entries
            if tuple(entry["Values"]) in existing
        ]
        if updates:
            updated = self.client.batch_update_partition(
                DatabaseName=self.database(table), TableName=table.name, Entries=updates
            )
            _raise_for(updated.get("Errors", []))

    def _table(self, table: Table) -> dict[str, Any] | None:
        try:
            found = self.client.get_table(DatabaseName=self.database(table), Name=table.name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        return dict(found["Table"])


def _partition_input(table: Table, part: PublishedPartition) -> Any:  # noqa: ANN401 - boto3's own
    return {
        "Values": list(part.values),
        "StorageDescriptor": storage(table, part.location),
        "Parameters": {
            "row_count": str(part.row_count),
            "byte_count": str(part.byte_count),
            "content": part.content,
        },
    }


def _published(found: Any) -> PublishedPartition:  # noqa: ANN401 - boto3's own dictionary
    counts = found.get("Parameters", {})
    return PublishedPartition(
        values=tuple(found["Values"]),
        location=found["StorageDescriptor"]["Location"],
        row_count=int(counts["row_count"]),
        byte_count=int(counts["byte_count"]),
        content=counts.get("content", ""),
    )


def _raise_for(errors: Sequence[Any]) -> None:
    if errors:
        raise CatalogError(f"{len(errors)} partitions were refused, the first one: {errors[0]}")


def _batches(
    partitions: Sequence[PublishedPartition],
) -> Iterator[Sequence[PublishedPartition]]:
    for start in range(0, len(partitions), BATCH):
        yield partitions[start : start + BATCH]


def _typed(table: dict[str, Any]) -> Any:  # noqa: ANN401 - boto3's own dictionary
    return table
