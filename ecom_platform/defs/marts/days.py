"""Which days of a mart are not built from what its inputs are now.

Every version of a mart remembers what it was built from; comparing that with the catalog alone
decides, so that nothing needs to be remembered of runs that died.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256

from ecom_platform.contracts import TABLES, Table
from ecom_platform.contracts.lake import EVENT_DAYS, EVENTS
from ecom_platform.lake.commits import PublishedPartition
from ecom_platform.resources.table_store import TableStore

Partitions = Mapping[tuple[str, str], Sequence[PublishedPartition]]
"""Table → its partitions that are read."""

Versions = Mapping[tuple[str, str], Mapping[date, str]]
"""Table → day → the version that the catalog shows."""


def input_partitions(mart: Table, tables: TableStore, days: Sequence[date]) -> Partitions:
    """The partitions of all that some days of a mart read, as the catalog shows them now."""
    return {
        read.key: tables.locations(TABLES[read.key], *read.dates(min(days), max(days)))
        for read in mart.inputs
    }


def versions_of(partitions: Partitions) -> Versions:
    """The versions of what a mart reads.

    The ledger of days says to a mart only what the version of the events says too.
    """
    return {
        key: {date.fromisoformat(part.values[0]): part.version for part in parts}
        for key, parts in partitions.items()
        if key != EVENT_DAYS.key
    }


def inputs_of(mart: Table, day: date, versions: Versions) -> str:
    """What a day of a mart is built from, in short: equal inputs, equal rows."""
    read = [
        f"{key}:{around}:{versions[key].get(around, '')}"
        for key in sorted(versions)
        for around in _window(mart, key, day)
    ]
    return sha256("\n".join(read).encode()).hexdigest()[:16]


def _window(mart: Table, key: tuple[str, str], day: date) -> list[date]:
    read = next(found for found in mart.inputs if found.key == key)
    return [
        day + timedelta(days=offset) for offset in range(-read.days_before, read.days_after + 1)
    ]


def days_with_rows(
    mart: Table, tables: TableStore, start: date | None = None, end: date | None = None
) -> dict[date, int]:
    """Days that a mart can have rows of, and how many events each has.

    A day that lost all its events stays among them while the mart has rows of it.
    """
    shown = {
        part.values[0] for part in tables.catalog.partitions(mart, start, end) if part.row_count
    }
    return {
        date.fromisoformat(part.values[0]): part.row_count
        for part in tables.catalog.partitions(EVENTS, start, end)
        if part.row_count or part.values[0] in shown
    }


def stale_days(mart: Table, tables: TableStore) -> list[date]:
    """Days of which the mart is missing, or was built from something else."""
    days = list(days_with_rows(mart, tables))
    if not days:
        return []
    versions = versions_of(input_partitions(mart, tables, days))
    shown = {part.values[0]: part for part in tables.catalog.partitions(mart)}
    built = {
        commit.name: commit.details["inputs"]
        for commit in tables.commits(mart)
        if shown.get(commit.name) == commit.partitions[0]
    }
    return [day for day in days if inputs_of(mart, day, versions) != built.get(str(day))]
