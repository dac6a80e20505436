"""Finding what columns raw files have: by Glue's crawlers, or by DuckDB's guess.

What does not belong here: what should be found (`lake.found_schemas`).
"""

import time
import zlib
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import duckdb

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_forms import GZIP_MAGIC
from ecom_platform.lake.found_schemas import FoundSchema, Source
from ecom_platform.lake.stream_archive import ARCHIVE
from ecom_platform.resources.aws import glue_client
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.tables.literals import literal

LOOK_BYTES = 4 << 20
"""Of an object, unpacked: a guess needs no more."""
NEWEST_FILES = 3
PAUSE_SECONDS, LONGEST_CRAWL_SECONDS = 10, 1800
READERS = {
    "exports": "read_csv({path}, header = true, sample_size = -1, ignore_errors = true)",
    "stream_events": "read_json({path}, format = 'newline_delimited', sample_size = -1)",
}


class CrawlFailedError(RuntimeError):
    """A crawler ended without success; the message has Glue's reason."""


class SchemaFinder(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Whoever looks into raw files."""

    @abstractmethod
    def find(self) -> list[FoundSchema]:
        """What is found now; nothing where no file lies."""


class GuessingSchemaFinder(SchemaFinder):
    """DuckDB, over the beginning of the newest objects."""

    objects: ObjectStore

    def find(self) -> list[FoundSchema]:
        exports = sorted(self.objects.exports().files, key=lambda one: one.manifest_order)
        days = self.objects.folders(ARCHIVE)[-1:]
        archived = self.objects.archived_objects(*days)
        found: list[FoundSchema] = []
        newest: list[tuple[Source, Sequence[EventFile]]] = [
            ("exports", exports[-NEWEST_FILES:]),
            ("stream_events", archived[-NEWEST_FILES:]),
        ]
        for source, files in newest:
            for file in files:
                head = self.objects.read_head(file.object_key, LOOK_BYTES)
                if columns := guessed(head, source):
                    found.append(FoundSchema(source, file.object_key, columns))
        return found


def guessed(head: bytes, source: Source) -> dict[str, str]:
    """Columns that DuckDB sees in the beginning of an object, its last line apart; none where it
    sees no table: staging says of such a file why.
    """
    if head.startswith(GZIP_MAGIC):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, LOOK_BYTES)
        except zlib.error:
            return {}
    lines = head[: head.rfind(b"\n") + 1]
    if not lines:
        return {}
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "head"
        path.write_bytes(lines)
        relation = READERS[source].format(path=literal(str(path)))
        try:
            rows = connection.execute(f"describe from {relation}").fetchall()
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            return {}
    return {str(name): str(kind) for name, kind, *_ in rows}


class CrawlingSchemaFinder(SchemaFinder):
    """Glue's crawlers, and the tables that they keep.

    Attributes:
        crawlers: source → name of the crawler.
        database: where they keep tables; one is called as its source.
        profile: profile of the AWS configuration.

    """

    crawlers: dict[str, str]
    database: str
    profile: str | None = None

    def find(self) -> list[FoundSchema]:
        for crawler in self.crawlers.values():
            self._start(crawler)
        for crawler in self.crawlers.values():
            self._wait(crawler)
        pages = glue_client(self.profile).get_paginator("get_tables")
        tables = [
            table
            for page in pages.paginate(DatabaseName=self.database)
            for table in page["TableList"]
        ]
        return [found for table in tables for found in self._of(table)]

    def _of(self, table: Any) -> list[FoundSchema]:  # noqa: ANN401 - Glue's answer
        """A crawler adds a mark to a name that is taken: `exports_1b2c`."""
        columns = {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}
        sources: tuple[Source, ...] = ("exports", "stream_events")
        return [
            FoundSchema(source, f"{self.database}.{table['Name']}", columns)
            for source in sources
            if table["Name"].startswith(source)
        ]

    def _start(self, crawler: str) -> None:
        client = glue_client(self.profile)
        try:
            client.start_crawler(Name=crawler)
        except client.exceptions.CrawlerRunningException:
            # What somebody else started is as good.
            return

    def _wait(self, crawler: str) -> None:
        """Wait for the end of a crawl; Glue has no waiter for that.

        Raises:
            CrawlFailedError: it failed, was stopped, or takes too long.

        """
        deadline = time.monotonic() + LONGEST_CRAWL_SECONDS
        client = glue_client(self.profile)
        while (found := client.get_crawler(Name=crawler)["Crawler"])["State"] != "READY":
            if time.monotonic() > deadline:
                raise CrawlFailedError(f"{crawler} still runs after {LONGEST_CRAWL_SECONDS} s")
            time.sleep(PAUSE_SECONDS)
        last = found.get("LastCrawl", {})
        if last.get("Status") != "SUCCEEDED":
            raise CrawlFailedError(f"{crawler}: {last.get('ErrorMessage', 'it was never run')}")
