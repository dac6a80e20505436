"""Which objects of a table nobody needs any more.

What does not belong here: listing, reading and deleting them (`resources.table_store`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecom_platform.tables.commits import record_of

GRACE = timedelta(days=1)
"""A query that began before a publication may still read the version before it."""


@dataclass(frozen=True)
class StoredObject:
    """An object of a table: key, size in bytes, and when it was put (UTC)."""

    key: str
    byte_count: int
    last_modified_at: datetime


def superseded_records(objects: Iterable[StoredObject]) -> dict[str, datetime]:
    """Key of each record that has a newer one → when that was put."""
    by_folder: dict[str, dict[int, StoredObject]] = {}
    for stored in objects:
        if record := record_of(stored.key):
            by_folder.setdefault(_folder(stored.key), {})[record[1]] = stored
    return {
        records[number].key: records[following].last_modified_at
        for records in by_folder.values()
        for number, following in zip(sorted(records), sorted(records)[1:], strict=False)
    }


def removable(
    objects: Iterable[StoredObject],
    used_prefixes: Collection[str],
    replaced_at: Mapping[str, datetime],
    now: datetime,
) -> list[StoredObject]:
    """Old data that no current version names, and old records of versions.

    Args:
        objects: all objects of some tables.
        used_prefixes: key prefixes of all that the catalog shows or a newest record names, of any
            table: a day may lie in another table's folder.
        replaced_at: record, or prefix of data, → when a newer version took its place. What never
            was in use, because its writer died, is as old as it is.
        now: the time, UTC.

    """
    places = {prefix.rstrip("/") for prefix in used_prefixes}
    return [
        stored
        for stored in objects
        if _is_out_of_use(stored.key, places, replaced_at)
        and _left_at(stored, replaced_at) < now - GRACE
    ]


def _is_out_of_use(key: str, places: Collection[str], replaced_at: Mapping[str, datetime]) -> bool:
    if record_of(key):
        return key in replaced_at
    return "/data/" in key and _folder(key) not in places


def _left_at(stored: StoredObject, replaced_at: Mapping[str, datetime]) -> datetime:
    place = stored.key if record_of(stored.key) else _folder(stored.key)
    return max(replaced_at.get(place, stored.last_modified_at), stored.last_modified_at)


def _folder(key: str) -> str:
    return key.rsplit("/", 1)[0]
