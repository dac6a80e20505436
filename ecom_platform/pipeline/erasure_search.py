"""Every version of every object, asked whether it is about somebody who is forgotten.

What nobody needs is deleted where it is; what is in use is told, and goes when it is built anew.
What does not belong here: rewriting raw data (`erasure`).
"""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ecom_platform.contracts import TABLES
from ecom_platform.lake.event_files import ARCHIVE_PREFIXES, EXPORTS_PREFIX, is_event_file
from ecom_platform.lake.raw_erasure import WHO, is_about, unpacked
from ecom_platform.lake.stream_archive import archived_lines
from ecom_platform.lake.tombstones import Tombstones, is_erased
from ecom_platform.pipeline.manifest import read_manifest
from ecom_platform.resources.aws import CONNECTIONS
from ecom_platform.resources.eraser import Eraser, ObjectVersion
from ecom_platform.resources.table_store import TableStore
from ecom_platform.streaming.failures import PREFIXES, failure_without
from ecom_platform.tables.commits import latest_numbers, record_of

OTHERS = ("artifacts/", "privacy/", "dagster/")
"""Code, the requests themselves, and logs of runs, which the bucket forgets."""
MADE_ANEW = ("pipes/", "athena_results/")
"""Messages and answers that nobody needs again."""
TEXTS = ("line_text", "detail")
"""Columns of refused rows in which a number may stand for somebody."""
LONGEST_RUN = timedelta(hours=6)
"""For so long data that no record names may be that of a run that is about to publish it."""
REBUILT = "goes when it is built anew"
UNPUBLISHED = "put by a run that has published nothing yet; looked at again"
ODD = "no part of the platform put it there: look at it, and delete it or mend it"
DELETED = "deleted, but what it brought counts still: make retire FILE=…, or deliver it again"
_DATE = re.compile(r"event_date=(\d{4}-\d\d-\d\d)")


@dataclass
class Search:
    """What was looked at.

    Attributes:
        searched: folder of the bucket → versions of objects that were read.
        found: key that is still about somebody → why it is still there.
        deleted: versions that nobody needed, and are gone.

    """

    searched: dict[str, int] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    deleted: int = 0


def sweep(forgotten: Tombstones, tables: TableStore, eraser: Eraser, now: datetime) -> Search:
    """Read everything but exports that lie there now, which are read by their own reader."""
    search = Search()
    everything = list(eraser.versions())
    versions = [one for one in everything if _is_searched(one)]
    used = _Used.of(tables, everything, now)
    doomed = []
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = pool.map(lambda one: _looked_at(one, eraser, forgotten, used), versions)
        for version, is_held in zip(versions, answers, strict=True):
            folder = "/".join(version.key.split("/")[:2])
            search.searched[folder] = search.searched.get(folder, 0) + 1
            if is_held and (why := used.why_kept(version)):
                search.found[version.key] = why
            elif is_held:
                doomed.append(version)
    eraser.delete_versions(doomed)
    search.deleted = len(doomed)
    return search


def _is_searched(version: ObjectVersion) -> bool:
    is_export = version.is_latest and version.key.startswith(EXPORTS_PREFIX)
    is_read = is_export and is_event_file(version.key)
    return not (version.is_marker or is_read or version.key.startswith(OTHERS))


def _looked_at(
    version: ObjectVersion, eraser: Eraser, forgotten: Tombstones, used: "_Used"
) -> bool:
    body = eraser.read(version)
    if record_of(version.key):
        used.remember(body)
    return holds(version.key, body, forgotten)


@dataclass(frozen=True)
class _Used:
    """What readers may come upon: prefixes of data, the newest records, exports that lie there.

    Attributes:
        places: prefixes of data that a newest record or the catalog names.
        records: table and partition → its newest record.
        exports: keys of exports that lie there now, or whose rows count no more.
        recorded: prefixes of data that any record ever named.
        settled_at: what is older and in no record will be published by nobody.

    """

    places: frozenset[str]
    records: Mapping[tuple[str, str], int]
    exports: frozenset[str]
    recorded: set[str]
    settled_at: datetime

    @classmethod
    def of(cls, tables: TableStore, versions: Iterable[ObjectVersion], now: datetime) -> "_Used":
        places: set[str] = set()
        records: dict[tuple[str, str], int] = {}
        for table in TABLES.values():
            shown = tables.catalog.partitions(table) if table.partition_columns else []
            commits = tables.commits(table)
            recorded = [part for commit in commits for part in commit.partitions]
            places |= {tables.objects.key_of(p.location).rstrip("/") for p in [*shown, *recorded]}
            keys = tables.objects.list_keys(f"{table.prefix}/_commits/")
            records |= {(table.prefix, name): n for name, n in latest_numbers(keys).items()}
        lying = {one.key for one in versions if one.is_latest and not one.is_marker}
        manifest = read_manifest(tables)
        counting = {k for k, name in manifest.current.items() if name not in manifest.retired}
        known = {file.object_key for file in manifest.files}
        return cls(
            frozenset(places),
            records,
            frozenset(lying | (known - counting)),
            set(),
            now - LONGEST_RUN,
        )

    def remember(self, body: bytes) -> None:
        """The data that a record names, which was published once."""
        for part in json.loads(body).get("partitions", []):
            self.recorded.add(part["location"].split("/", 3)[3].rstrip("/"))

    def why_kept(self, version: ObjectVersion) -> str | None:
        """Why a version that is about somebody must stay for now; None where nobody needs it."""
        key = version.key
        if record := record_of(key):
            name, number = record
            newest = self.records.get((key.split("/_commits/", maxsplit=1)[0], name))
            return REBUILT if newest == number else None
        if "/data/" in key:
            return self._why_data_is_kept(version)
        if key.startswith(EXPORTS_PREFIX) and is_event_file(key):
            return None if key in self.exports else DELETED
        if not version.is_latest or key.startswith(MADE_ANEW):
            return None
        return REBUILT if key.startswith((*ARCHIVE_PREFIXES, *PREFIXES)) else ODD

    def _why_data_is_kept(self, version: ObjectVersion) -> str | None:
        place = version.key.rsplit("/", 1)[0]
        if place in self.places and version.is_latest:
            return REBUILT
        is_young = version.last_modified_at > self.settled_at
        return UNPUBLISHED if is_young and place not in self.recorded else None


def holds(key: str, body: bytes, forgotten: Tombstones) -> bool:
    """Whether an object is about somebody who is forgotten. Of what others wrote, the
    number decides.
    """
    try:
        return _holds(key, body, forgotten)
    except ODD_BODIES:
        return forgotten.are_in(unpacked(body))


ODD_BODIES = (ValueError, KeyError, TypeError, AttributeError, RecursionError, pa.ArrowException)
"""What reading a body raises that somebody else wrote."""


def is_ours(key: str, body: bytes) -> bool:
    """Whether an archived object or a failed record is as the platform writes it."""
    if not key.startswith(PREFIXES):
        return True
    try:
        failure_without(body, lambda _: False)
    except ODD_BODIES:
        return False
    return True


def _holds(key: str, body: bytes, forgotten: Tombstones) -> bool:
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
    names = [n for n in (*WHO, *TEXTS, "reason", "event_time") if n in file.schema_arrow.names]
    if not {*WHO, *TEXTS} & set(names):
        return False
    table = file.read(columns=names)
    dated = _DATE.search(key)
    day = date.fromisoformat(dated[1]) if dated else None
    if any(forgotten.hold_for(user, moment or day) for user, moment in _users_of(table, forgotten)):
        return True
    if not {"reason", *TEXTS} <= set(names):
        return False
    return any(
        # A row that is refused as erased has no text left.
        row["line_text"] and is_erased(row["reason"], [row[n] for n in TEXTS], forgotten)
        for row in table.to_pylist()
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
