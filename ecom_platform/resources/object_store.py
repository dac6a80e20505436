"""The data bucket: listing, fetching and putting objects.

What does not belong here: what the objects mean (`table_store` for tables, `lake` for files).
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from ecom_platform.lake.event_files import (
    ARCHIVE_PREFIXES,
    EXPORTS_PREFIX,
    RAW_PREFIX,
    EventFile,
    Listing,
    is_event_file,
    is_marker,
)
from ecom_platform.resources.aws import CONNECTIONS, s3_client
from ecom_platform.tables.retention import StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IN_PARTS_FROM_BYTES = 64 << 20
IN_PARTS = TransferConfig(max_concurrency=4)
"""Each part that is under way holds 8 MiB of memory."""
GONE_CODES = {"404", "NoSuchKey"}
PASSING_CODES = {
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestTimeout",
}
TAKEN_CODES = {"PreconditionFailed", "ConditionalRequestConflict", "412"}


class ObjectReplacedError(Exception):
    """The object is gone, or another version of it lies there now."""


class DeletionFailedError(RuntimeError):
    """Some objects could not be deleted; the message names the first."""


DELETE_BATCH = 1000
"""Objects that S3 deletes in one call."""


class ObjectStore(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The data bucket under one role."""

    bucket: str
    profile: str | None = None

    @property
    def client(self) -> "S3Client":
        return s3_client(self.profile)

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def key_of(self, uri: str) -> str:
        return uri.removeprefix(f"s3://{self.bucket}/")

    def list_keys(self, prefix: str) -> list[str]:
        return [found["Key"] for found in self._listing(prefix)]

    def stored(self, prefix: str) -> list[StoredObject]:
        return [
            StoredObject(found["Key"], found["Size"], _utc(found["LastModified"]))
            for found in self._listing(prefix)
        ]

    def delete_all(self, keys: Sequence[str]) -> None:
        """Delete objects.

        Raises:
            DeletionFailedError: S3 refused some of them.

        """
        for start in range(0, len(keys), DELETE_BATCH):
            batch = [{"Key": key} for key in keys[start : start + DELETE_BATCH]]
            answer = self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": batch})  # type: ignore[typeddict-item]
            if errors := answer.get("Errors"):
                raise DeletionFailedError(f"{len(errors)} objects stay, the first: {errors[0]}")

    def exports(self) -> Listing:
        """What lies under `raw/` as it lies there now; the archives are not listed."""
        listed = list(self._listing(EXPORTS_PREFIX))
        files = [_version(entry) for entry in listed if is_event_file(entry["Key"])]
        others = [
            entry["Key"]
            for entry in listed
            if not is_event_file(entry["Key"]) and not is_marker(entry["Key"], entry["Size"])
        ]
        return Listing(files, [*others, *self._strays()])

    def _strays(self) -> list[str]:
        """What lies under `raw/` beside the folders that somebody reads."""
        known = {EXPORTS_PREFIX, *ARCHIVE_PREFIXES}
        strays: list[str] = []
        for page in self._pages(RAW_PREFIX, Delimiter="/"):
            entries = page.get("Contents", [])
            strays += [e["Key"] for e in entries if not is_marker(e["Key"], e["Size"])]
            folders = [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
            strays += [folder for folder in folders if folder not in known]
        return strays

    def archived_objects(self, *prefixes: str) -> list[EventFile]:
        """The objects of the stream's archive under some prefixes, as they lie there now."""
        return [_version(found) for prefix in prefixes for found in self._listing(prefix)]

    def folders(self, prefix: str) -> list[str]:
        """The prefixes one level below a prefix, such as the days of an archive."""
        pages = self._pages(prefix, Delimiter="/")
        return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]

    def download(self, file: EventFile, path: Path) -> None:
        """Fetch one version of a raw object; a large one in parts, several at a time.

        Raises:
            ObjectReplacedError: that version is no longer there.

        """
        try:
            etag = self._fetch(file, path)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE_CODES:
                raise ObjectReplacedError(f"{file.object_key} is gone") from error
            raise
        if etag.strip('"') != file.etag:
            raise ObjectReplacedError(f"{file.object_key} was replaced by another version ({etag})")

    def _fetch(self, file: EventFile, path: Path) -> str:
        """The entity tag of what was fetched."""
        if file.byte_count > IN_PARTS_FROM_BYTES:
            self.client.download_file(self.bucket, file.object_key, str(path), Config=IN_PARTS)
            return self.client.head_object(Bucket=self.bucket, Key=file.object_key)["ETag"]
        answer = self.client.get_object(Bucket=self.bucket, Key=file.object_key)
        with path.open("wb") as copy:
            shutil.copyfileobj(answer["Body"], copy)
        return answer["ETag"]

    def upload_all(self, files: Iterable[tuple[Path, str]]) -> None:
        """Put local files under their keys, several at a time."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(
                pool.map(
                    lambda pair: self.client.upload_file(str(pair[0]), self.bucket, pair[1]), files
                )
            )

    def read_all(self, keys: Iterable[str]) -> list[bytes]:
        """The contents of small objects, several at a time."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return list(pool.map(self._read, keys))

    def put_all_if_absent(self, bodies: Iterable[tuple[str, str]]) -> list[str]:
        """Put small objects under their keys, several at a time; returns the keys that were free.

        Of two writers of one key one wins.
        """
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return [key for key in pool.map(lambda one: self._put_if_absent(*one), bodies) if key]

    def _put_if_absent(self, key: str, body: str) -> str | None:
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body.encode(), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in TAKEN_CODES:
                return None
            raise
        return key

    def read_head(self, key: str, byte_count: int) -> bytes:
        """The first bytes of an object; all of a smaller one."""
        # A range of an empty object is an error.
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read(byte_count)

    def _read(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def _listing(self, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self._pages(prefix):
            yield from page.get("Contents", [])

    def _pages(self, prefix: str, **more: str) -> Iterator[dict[str, Any]]:
        pages: Any = self.client.get_paginator("list_objects_v2")
        yield from pages.paginate(Bucket=self.bucket, Prefix=prefix, **more)


def _version(found: Mapping[str, Any]) -> EventFile:
    """An entry of a listing. S3 knows seconds; emulators that tell more would differ by listing."""
    return EventFile(
        object_key=found["Key"],
        etag=found["ETag"].strip('"'),
        byte_count=found["Size"],
        last_modified_at=_utc(found["LastModified"]).replace(microsecond=0),
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
