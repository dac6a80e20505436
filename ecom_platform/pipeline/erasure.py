"""Forgetting users: raw data is rewritten, what was made of it follows, and old versions go.

Safe to repeat at any time; a pass that finds nothing left is the proof. What does not belong here:
building what is made of raw data (the lake and the marts do that as ever), and looking for what is
left (`erasure_search`).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ecom_platform.contracts.lake import FILE_TABLES, STAGED_FILES
from ecom_platform.lake.event_files import ARCHIVE_PREFIXES, EventFile
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.raw_erasure import (
    is_about,
    is_opaque,
    mentions,
    packed,
    rewritten_export,
    rewritten_object,
)
from ecom_platform.lake.tombstones import Tombstones
from ecom_platform.pipeline.erasure_requests import REPORTS, ErasureRequest
from ecom_platform.pipeline.erasure_search import Search, holds, is_ours, sweep
from ecom_platform.pipeline.file_verdicts import read_files
from ecom_platform.pipeline.manifest import publish_manifest, read_manifest
from ecom_platform.pipeline.verdicts import publish_words, read_words
from ecom_platform.resources.eraser import Eraser
from ecom_platform.resources.object_store import ObjectReplacedError
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore
from ecom_platform.streaming.failures import PREFIXES, failure_without
from ecom_platform.tables.commits import Commit, commits_prefix

Say = Callable[[str], None]
REPLACED = "another version came meanwhile, and is read by the next pass"
REMEDY = "nobody can say whose lines it has: deliver it mended under the same key, or delete it"


@dataclass
class Pass:
    """What one pass did, and what is left.

    Attributes:
        exports: object key → lines that were taken out of it.
        archived_lines: lines that were taken out of archives of the stream.
        words: what people had said of these users, and is forgotten.
        items: DynamoDB table → items deleted.
        superseded: versions of files that were replaced, and are gone with all they brought.
        unread: export that may have such a number and was not rewritten → why.
        search: what was looked at, and what is left.

    """

    exports: dict[str, int] = field(default_factory=dict)
    archived_lines: int = 0
    words: int = 0
    items: dict[str, int] = field(default_factory=dict)
    superseded: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    search: Search = field(default_factory=Search)

    @property
    def is_clean(self) -> bool:
        """Whether nothing had to be done and nothing is left."""
        return not (
            self.exports
            or self.archived_lines
            or self.words
            or any(self.items.values())
            or self.superseded
            or self.unread
            or self.search.found
            or self.search.deleted
        )

    @property
    def left(self) -> list[str]:
        """Where something is left, in sentences."""
        return [f"{key}: {why}" for key, why in {**self.unread, **self.search.found}.items()]


@dataclass(frozen=True)
class Erasure:
    """A pass over everything there is, for all who are forgotten."""

    forgotten: Tombstones
    tables: TableStore
    engine: QueryEngine
    eraser: Eraser
    say: Say

    def run(self, now: datetime) -> Pass:
        done = Pass()
        self._rewrite_exports(done, now)
        self._rewrite_archives(done)
        self._forget_words(done)
        items = self.eraser.items(self.forgotten.until)
        self.eraser.delete_items(items)
        done.items = {table: len(keys) for table, keys in items.items()}
        self._drop_superseded(done)
        done.search = sweep(self.forgotten, self.tables, self.eraser, now)
        self.say(f"{sum(done.search.searched.values())} versions of objects searched")
        return done

    def _rewrite_exports(self, done: Pass, now: datetime) -> None:
        files = self.tables.objects.exports().files
        known = {file.file_id: file for file in read_manifest(self.tables).files}
        for place, listed in enumerate(files, start=1):
            file = known.get(listed.file_id, listed)
            with self.engine.workspace() as (connection, folder):
                path = folder / "events.csv"
                try:
                    self.tables.objects.download(file, path)
                    count = rewritten_export(connection, path, file, self.forgotten)
                except ObjectReplacedError:
                    done.unread[file.object_key] = REPLACED
                    continue
                except FileRefusedError:
                    if is_opaque(path) or mentions(path, self.forgotten):
                        done.unread[file.object_key] = REMEDY
                    continue
                if count and not self.eraser.lies_there(file):
                    done.unread[file.object_key] = REPLACED
                elif count:
                    self._replace(file, path, now)
                    done.exports[file.object_key] = count
                    self.say(f"file {place} of {len(files)}: {count} lines out")

    def _replace(self, old: EventFile, path: Path, now: datetime) -> None:
        """The new version takes the place of the old one, and its time."""
        content = packed(path) if old.object_key.endswith(".gz") else path
        etag = self.eraser.put(old.object_key, content)
        # What it replaces held the rows, so that nobody need read it again.
        versions = self.eraser.versions_of(old.object_key)
        self.eraser.delete_versions([one for one in versions if not one.is_latest])
        new = replace(old, etag=etag, byte_count=content.stat().st_size)
        with self.engine.workspace() as (_, folder):
            manifest = read_manifest(self.tables).with_rewritten(old, new, now)
            publish_manifest(self.tables, manifest, folder)

    def _is_about(self, data: bytes) -> bool:
        return is_about(data, self.forgotten)

    def _rewrite_archives(self, done: Pass) -> None:
        objects = self.tables.objects
        prefixes = (*ARCHIVE_PREFIXES, *PREFIXES)
        for key in [key for prefix in prefixes for key in objects.list_keys(prefix)]:
            (body,) = objects.read_all([key])
            if not holds(key, body, self.forgotten) or not is_ours(key, body):
                continue
            if key.startswith(PREFIXES):
                rewritten, count = failure_without(body, self._is_about)
            else:
                rewritten, count = rewritten_object(body, self.forgotten)
            if rewritten is None:
                self.eraser.delete_versions(self.eraser.versions_of(key))
            else:
                self.eraser.put(key, rewritten)
            done.archived_lines += count

    def _forget_words(self, done: Pass) -> None:
        words = read_words(self.tables)
        kept = [w for w in words if not self.forgotten.hold_for(w.user_id, w.said_at)]
        if len(kept) < len(words):
            with self.engine.workspace() as (_, folder):
                publish_words(self.tables, kept, folder)
            done.words = len(words) - len(kept)

    def _drop_superseded(self, done: Pass) -> None:
        """Versions of files that another took the place of, once that one is read."""
        manifest, read = read_manifest(self.tables), read_files(self.tables)
        # Of what was ever read, also where a restore brought it back behind the manifest.
        staged = [
            EventFile.from_details(c.details["file"]) for c in self.tables.commits(STAGED_FILES)
        ]
        replaced = [
            file
            for file in staged
            if (current := manifest.current.get(file.object_key)) != file.file_id
            and current in read
        ]
        names = [file.file_id for file in replaced]
        held = {name for name in names if self._holds(name)}
        if not held:
            return
        with self.engine.workspace() as (_, folder):
            publish_manifest(self.tables, manifest.without(held), folder)
        for table in FILE_TABLES:
            shown = {part.values for part in self.tables.catalog.partitions(table)}
            self.eraser.drop_partitions(table, {v for v in shown if v[0] in held})
            for name in held:
                self._drop(commits_prefix(table.prefix, name))
        done.superseded = sorted(held)

    def _drop(self, records: str) -> None:
        """Delete the data that some records name, then the records, by which it is found."""
        objects = self.tables.objects
        bodies = objects.read_all(objects.list_keys(records))
        parts = [part for body in bodies for part in Commit.from_json(body).partitions]
        for prefix in [*(objects.key_of(part.location) for part in parts), records]:
            self.eraser.delete_versions(list(self.eraser.versions(prefix)))

    def _holds(self, name: str) -> bool:
        """Whether what a version of a file brought is about somebody."""
        objects = self.tables.objects
        for table in FILE_TABLES:
            for commit in self.tables.commits(table, [name]):
                prefixes = [objects.key_of(part.location) for part in commit.partitions]
                keys = [key for prefix in prefixes for key in objects.list_keys(prefix)]
                bodies = objects.read_all(keys)
                if any(holds(k, b, self.forgotten) for k, b in zip(keys, bodies, strict=True)):
                    return True
        return False


def put_report(
    request: ErasureRequest, done: Sequence[Pass], eraser: Eraser, now: datetime
) -> dict[str, Any]:
    """Write down what was done for a request and what is left; returns it."""
    last = done[-1]
    report = {
        "request_id": request.request_id,
        "state": "running" if last.left else "verified",
        "user_count": len(request.user_ids),
        "requested_at": request.requested_at.isoformat(),
        "searched_at": now.isoformat(),
        "left": last.left,
        "searched_versions": last.search.searched,
        "passes": [asdict(one) for one in done],
        "expires": [
            {"place": one.place, "on": str(one.on.date())} for one in eraser.expiries(request.until)
        ],
    }
    eraser.put(f"{REPORTS}{request.request_id}.json", json.dumps(report, indent=1).encode())
    return report
