"""Publishing tables: data first, then the commit record, then the catalog.

A reader finds data through the catalog alone, so that it sees the old version of a partition or the
new one, whole. What does not belong here: what the rows are.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from ecom_platform.contracts import TABLES, Table
from ecom_platform.resources.glue_catalog import GlueCatalog
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.tables.commits import (
    Commit,
    PublishedPartition,
    commits_prefix,
    data_prefix,
    latest_numbers,
)
from ecom_platform.tables.parquet import WrittenPartition
from ecom_platform.tables.retention import StoredObject, removable, superseded_records


class PublishConflictError(RuntimeError):
    """Another writer published the same partition meanwhile; this one left its version alone."""


@dataclass(frozen=True)
class Draft:
    """A version that is about to be published under the name of a commit."""

    name: str
    partitions: tuple[PublishedPartition, ...]
    details: dict[str, Any] = field(default_factory=dict)


class TableStore(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Tables in the data bucket and the catalog."""

    objects: ObjectStore
    catalog: GlueCatalog
    store_time_zone: str = "UTC"
    """IANA name of the shop's own time, by which its days and hours are cut."""

    def upload(
        self, table: Table, written: Sequence[tuple[tuple[str, ...], WrittenPartition]]
    ) -> list[PublishedPartition]:
        """Put local Parquet under a fresh prefix, where no reader looks yet."""
        write_id = uuid.uuid4().hex[:16]
        uploads: list[tuple[Path, str]] = []
        placed: list[PublishedPartition] = []
        for values, part in written:
            place = data_prefix(table, write_id, values)
            uploads += [(path, f"{place}/{path.name}") for path in part.files]
            location = self.objects.uri(f"{place}/")
            placed.append(PublishedPartition(values, location, part.row_count, part.byte_count))
        self.objects.upload_all(uploads)
        return placed

    def publish(self, table: Table, drafts: Sequence[Draft]) -> list[Commit]:
        """Record and show new versions.

        Raises:
            PublishConflictError: another writer took the number of a version.

        """
        if not drafts:
            return []
        # Before the record is written: a table that is missing must not part the two.
        self.catalog.ensure_table(table, self.objects.uri(f"{table.prefix}/"))
        numbers = latest_numbers(self.objects.list_keys(commits_prefix(table.prefix)))
        commits = [
            Commit(
                table=table.prefix,
                name=draft.name,
                number=numbers.get(draft.name, 0) + 1,
                partitions=draft.partitions,
                details=draft.details,
            )
            for draft in drafts
        ]
        recorded = set(self.objects.put_all_if_absent((c.key, c.to_json()) for c in commits))
        self._show(table, [commit for commit in commits if commit.key in recorded])
        if taken := [commit for commit in commits if commit.key not in recorded]:
            raise PublishConflictError(
                f"{taken[0].table} {taken[0].name}: version {taken[0].number} was published by"
                f" another run, and so were {len(taken) - 1} more; run this one again"
            )
        return commits

    def _show(self, table: Table, commits: Sequence[Commit]) -> None:
        """Point the catalog at versions, then at newer ones that were recorded meanwhile.

        Of two writers the slower one would otherwise leave its older version in sight.
        """
        while commits:
            self.catalog.point(table, [part for commit in commits for part in commit.partitions])
            shown = {commit.name: commit.number for commit in commits}
            newest = latest_numbers(self.objects.list_keys(commits_prefix(table.prefix)))
            newer = [name for name, number in shown.items() if newest.get(name, 0) > number]
            commits = self.commits(table, newer) if newer else []

    def commits(self, table: Table, names: Sequence[str] | None = None) -> list[Commit]:
        """The newest commit of each partition, or of some."""
        newest = latest_numbers(self.objects.list_keys(commits_prefix(table.prefix)))
        wanted = newest if names is None else {n: newest[n] for n in names if n in newest}
        return self.commits_of(table, wanted)

    def shown_inputs(self, table: Table) -> dict[str, Any]:
        """What each partition says that it was built from, where the catalog shows its newest
        version. Of any other the writer died between the record and the catalog.
        """
        shown = {part.values[0]: part for part in self.catalog.partitions(table)}
        return {
            commit.name: commit.details["inputs"]
            for commit in self.commits(table)
            if shown.get(commit.name) == commit.partitions[0]
        }

    def commits_of(self, table: Table, numbers: Mapping[str, int]) -> list[Commit]:
        """Certain commits, by name and number."""
        keys = [
            f"{commits_prefix(table.prefix, n)}{number:06d}.json" for n, number in numbers.items()
        ]
        return [Commit.from_json(body) for body in self.objects.read_all(keys)]

    def commits_under(self, table: Table, prefixes: Sequence[str]) -> list[Commit]:
        """The newest commit of each partition whose records lie under some prefixes."""
        keys = [key for prefix in prefixes for key in self.objects.list_keys(prefix)]
        return self.commits_of(table, latest_numbers(keys))

    def rebuild_catalog(self, table: Table) -> int:
        """Make the catalog show what the newest commits say; returns how many partitions."""
        self.catalog.ensure_table(table, self.objects.uri(f"{table.prefix}/"))
        partitions = [part for commit in self.commits(table) for part in commit.partitions]
        if partitions:
            self.catalog.point(table, partitions)
        return len(partitions)

    def old_versions(self, now: datetime) -> list[StoredObject]:
        """Objects of all tables that no version in use needs; see `lake.retention`."""
        used: set[str] = set()
        for table in TABLES.values():
            shown = self.catalog.partitions(table) if table.partition_columns else []
            recorded = [part for commit in self.commits(table) for part in commit.partitions]
            used |= {self.objects.key_of(part.location) for part in [*shown, *recorded]}
        stored = [
            one for table in TABLES.values() for one in self.objects.stored(f"{table.prefix}/")
        ]
        return removable(stored, used, self._replaced_at(stored), now)

    def _replaced_at(self, stored: Sequence[StoredObject]) -> dict[str, datetime]:
        """Superseded records, and the prefixes of data that they named, → when."""
        records = superseded_records(stored)
        bodies = self.objects.read_all(records)
        replaced = dict(records)
        for moment, body in zip(records.values(), bodies, strict=True):
            for part in Commit.from_json(body).partitions:
                place = self.objects.key_of(part.location).rstrip("/")
                # A version may be shown again by a later record: the last time counts.
                replaced[place] = max(replaced.get(place, moment), moment)
        return replaced

    def locations(self, table: Table, start: date, end: date) -> list[PublishedPartition]:
        """Where the current versions of some days lie."""
        return self.catalog.partitions(table, start, end)
