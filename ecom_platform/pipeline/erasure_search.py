"""Every version of every object, asked whether it is about somebody who is forgotten.

What nobody needs is deleted where it is; what is in use is told, and goes when it is built anew.
What does not belong here: rewriting raw data (`erasure`).
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ecom_platform.contracts import TABLES
from ecom_platform.lake.event_files import ARCHIVE_PREFIXES, EXPORTS_PREFIX
from ecom_platform.lake.raw_erasure import WHO, is_about, unpacked
from ecom_platform.lake.stream_archive import archived_lines
from ecom_platform.lake.tombstones import Tombstones
from ecom_platform.resources.aws import CONNECTIONS
from ecom_platform.resources.eraser import Eraser, ObjectVersion
from ecom_platform.resources.table_store import TableStore
from ecom_platform.streaming.failures import PREFIXES, failure_without
from ecom_platform.tables.commits import latest_numbers, record_of

OTHERS = ("artifacts/", "privacy/")
"""Code, and the requests themselves."""
TEXTS = ("line_text", "detail", "evidence")
"""Columns in which a number may stand for somebody."""
_DATE = re.compile(r"event_date=(\d{4}-\d\d-\d\d)")


@dataclass
class Search:
    """What was looked at.

    Attributes:
        searched: folder of the bucket → versions of objects that were read.
        found: keys in use that are still about somebody.
        deleted: versions that nobody needed, and are gone.

    """

    searched: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    deleted: int = 0


def sweep(forgotten: Tombstones, tables: TableStore, eraser: Eraser) -> Search:
    """Read everything but exports that lie there now, which are read by their own reader."""
    search = Search()
    versions = [one for one in eraser.versions() if _is_searched(one)]
    used = _Used.of(tables)
    doomed = []
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = pool.map(lambda one: holds(one.key, eraser.read(one), forgotten), versions)
        for version, is_held in zip(versions, answers, strict=True):
            folder = "/".join(version.key.split("/")[:2])
            search.searched[folder] = search.searched.get(folder, 0) + 1
            if is_held and version.is_latest and used.needs(version.key):
                search.found.append(version.key)
            elif is_held:
                doomed.append(version)
    eraser.delete_versions(doomed)
    search.deleted = len(doomed)
    return search


def _is_searched(version: ObjectVersion) -> bool:
    is_export = version.key.startswith(EXPORTS_PREFIX) and version.is_latest
    return not (version.is_marker or is_export or version.key.startswith(OTHERS))


@dataclass(frozen=True)
class _Used:
    """What readers may come upon: prefixes of data, and the newest records."""

    places: frozenset[str]
    records: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, tables: TableStore) -> "_Used":
        places: set[str] = set()
        records: dict[tuple[str, str], int] = {}
        for table in TABLES.values():
            shown = tables.catalog.partitions(table) if table.partition_columns else []
            commits = tables.commits(table)
            recorded = [part for commit in commits for part in commit.partitions]
            places |= {tables.objects.key_of(p.location).rstrip("/") for p in [*shown, *recorded]}
            keys = tables.objects.list_keys(f"{table.prefix}/_commits/")
            records |= {(table.prefix, name): n for name, n in latest_numbers(keys).items()}
        return cls(frozenset(places), records)

    def needs(self, key: str) -> bool:
        """Whether a key is in use. Of failed records nothing is: they are about one user each."""
        if record := record_of(key):
            name, number = record
            return self.records.get((key.split("/_commits/", maxsplit=1)[0], name)) == number
        if "/data/" in key:
            return key.rsplit("/", 1)[0] in self.places
        return key.startswith((*ARCHIVE_PREFIXES, *PREFIXES))


def holds(key: str, body: bytes, forgotten: Tombstones) -> bool:
    """Whether an object is about somebody who is forgotten."""
    if key.endswith(".parquet"):
        return _parquet_holds(key, body, forgotten)
    if record_of(key):
        return any(forgotten.are_in(text) for text in _texts(json.loads(body).get("details")))
    if key.startswith(ARCHIVE_PREFIXES):
        return any(is_about(line, forgotten) for line in archived_lines(body))
    if key.startswith(PREFIXES):
        return failure_without(body, lambda data: is_about(data, forgotten))[1] > 0
    return forgotten.are_in(unpacked(body))


def _texts(details: object) -> Iterator[str]:
    """What a commit remembers in words, and whose; counts of rows and bytes name nobody."""
    if isinstance(details, dict):
        for name, value in details.items():
            yield from [str(value)] if name == "user_id" else _texts(value)
    elif isinstance(details, list):
        for value in details:
            yield from _texts(value)
    elif isinstance(details, str):
        yield details


def _parquet_holds(key: str, body: bytes, forgotten: Tombstones) -> bool:
    file = pq.ParquetFile(io.BytesIO(body))
    names = [n for n in (*WHO, *TEXTS, "event_time") if n in file.schema_arrow.names]
    if not set(names) - {"event_time"}:
        return False
    table = file.read(columns=names)
    dated = _DATE.search(key)
    day = date.fromisoformat(dated[1]) if dated else None
    return any(
        forgotten.hold_for(user, moment or day) for user, moment in _users_of(table, forgotten)
    ) or any(
        forgotten.are_in(text)
        for name in TEXTS
        if name in names
        for text in table[name].to_pylist()
        if text
    )


def _users_of(table: pa.Table, forgotten: Tombstones) -> Iterator[tuple[int, datetime | None]]:
    """The rows about somebody: who, and when it was."""
    for name in WHO:
        if name not in table.column_names:
            continue
        wanted: list[Any] = list(forgotten.until)
        if pa.types.is_string(table.schema.field(name).type):
            wanted = [str(user) for user in wanted]
        values = pa.array(wanted, table.schema.field(name).type)
        rows = table.filter(pc.is_in(table[name], value_set=values))
        times = rows["event_time"].to_pylist() if "event_time" in rows.column_names else None
        for place, user in enumerate(rows[name].to_pylist()):
            yield int(user), times[place] if times else None
