"""Which objects of a table nobody needs any more.

What does not belong here: listing and deleting them (`resources.table_store`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecom_platform.tables.commits import latest_numbers, record_of

GRACE = timedelta(days=1)
"""A query that began before a publication may still read the version before it."""


@dataclass(frozen=True)
class StoredObject:
    """An object of a table: key, size in bytes, and when it was put (UTC)."""

    key: str
    byte_count: int
    last_modified_at: datetime


def removable(
    objects: Iterable[StoredObject], used_prefixes: Collection[str], now: datetime
) -> list[StoredObject]:
    """Old data that no current version names, and old records of versions.

    Args:
        objects: all objects of some tables.
        used_prefixes: key prefixes of all that the catalog shows or a newest record names, of any
            table: a day may lie in another table's folder.
        now: the time, UTC.

    """
    old = [found for found in objects if found.last_modified_at < now - GRACE]
    newest = latest_numbers([found.key for found in objects])
    places = {prefix.rstrip("/") for prefix in used_prefixes}
    return [
        found
        for found in old
        if (_is_superseded(found.key, newest) or _is_unused(found.key, places))
    ]


def _is_unused(key: str, places: Collection[str]) -> bool:
    return "/data/" in key and key.rsplit("/", 1)[0] not in places


def _is_superseded(key: str, newest: dict[str, int]) -> bool:
    record = record_of(key)
    return record is not None and record[1] < newest[record[0]]
