"""Under the role that alone may delete versions of objects: versions in S3, items in DynamoDB.

What does not belong here: what is to be deleted (`pipeline.erasure`).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from ecom_platform.contracts import Table
from ecom_platform.lake.event_files import EventFile
from ecom_platform.resources.aws import dynamodb_table, kinesis_client
from ecom_platform.resources.object_store import (
    DELETE_BATCH,
    DeletionFailedError,
    ObjectStore,
)
from ecom_platform.resources.table_store import TableStore

ALERT_KEY, SESSION_KEY = ("entity", "alert"), ("user_id", "user_session")
LOG_DAYS = 30
"""`LogRetentionDays` of the templates."""
BACKUP_DAYS = 35
"""DynamoDB can be restored to any second of so many days (point-in-time recovery)."""


@dataclass(frozen=True)
class ObjectVersion:
    """A version of an object; a marker says that the object was deleted."""

    key: str
    version_id: str
    is_latest: bool
    is_marker: bool
    last_modified_at: datetime


@dataclass(frozen=True)
class Expiry:
    """A place that nobody can take a record out of, and when it forgets by itself, UTC."""

    place: str
    on: datetime


class Eraser(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What holds personal data, under the eraser's role.

    Attributes:
        tables: the data bucket and the catalog under that role.
        user_tables: DynamoDB tables whose key is the user, as text.
        alerts_table: DynamoDB table whose key is `user#<id>`.
        streams: Kinesis streams with records about users.

    """

    tables: TableStore
    user_tables: list[str]
    alerts_table: str
    streams: list[str]

    @property
    def objects(self) -> ObjectStore:
        return self.tables.objects

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """All versions under a prefix, of deleted objects too."""
        pages: Any = self.objects.client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self.objects.bucket, Prefix=prefix):
            for kind in ("Versions", "DeleteMarkers"):
                for found in page.get(kind, []):
                    yield ObjectVersion(
                        key=found["Key"],
                        version_id=found["VersionId"],
                        is_latest=found["IsLatest"],
                        is_marker=kind == "DeleteMarkers",
                        last_modified_at=found["LastModified"].replace(tzinfo=None),
                    )

    def versions_of(self, key: str) -> list[ObjectVersion]:
        """All versions of one object; S3 lists by prefix, so that its neighbours come along."""
        return [one for one in self.versions(key) if one.key == key]

    def read(self, version: ObjectVersion) -> bytes:
        found = self.objects.client.get_object(
            Bucket=self.objects.bucket, Key=version.key, VersionId=version.version_id
        )
        return found["Body"].read()

    def lies_there(self, file: EventFile) -> bool:
        """Whether the version of a file that was read is still the one under its key."""
        found = self.objects.client.head_object(Bucket=self.objects.bucket, Key=file.object_key)
        return found["ETag"].strip('"') == file.etag

    def put(self, key: str, content: bytes | Path) -> str:
        """Put an object in the place of another; returns its entity tag."""
        client, bucket = self.objects.client, self.objects.bucket
        if isinstance(content, Path):
            client.upload_file(str(content), bucket, key)
        else:
            client.put_object(Bucket=bucket, Key=key, Body=content)
        return client.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')

    def delete_versions(self, versions: Sequence[ObjectVersion]) -> None:
        """Delete them for good.

        Raises:
            DeletionFailedError: S3 refused some of them.

        """
        for start in range(0, len(versions), DELETE_BATCH):
            batch: Any = [
                {"Key": one.key, "VersionId": one.version_id}
                for one in versions[start : start + DELETE_BATCH]
            ]
            answer = self.objects.client.delete_objects(
                Bucket=self.objects.bucket, Delete={"Objects": batch, "Quiet": True}
            )
            if errors := answer.get("Errors"):
                raise DeletionFailedError(f"{len(errors)} versions stay, the first: {errors[0]}")

    def drop_partitions(self, table: Table, values: Collection[tuple[str, ...]]) -> None:
        """Take partitions out of the catalog, whose data is gone."""
        # One by one: the local cloud does not know BatchDeletePartition.
        for one in sorted(values):
            self.tables.catalog.client.delete_partition(
                DatabaseName=self.tables.catalog.database(table),
                TableName=table.name,
                PartitionValues=list(one),
            )

    def items(self, user_ids: Iterable[int]) -> dict[str, list[dict[str, Any]]]:
        """DynamoDB table → the keys of what it has about some users."""
        found: dict[str, list[dict[str, Any]]] = {}
        for user in user_ids:
            for table in self.user_tables:
                found.setdefault(table, []).extend(self._keys(table, "user_id", str(user)))
            keys = self._keys(self.alerts_table, "entity", f"user#{user}")
            found.setdefault(self.alerts_table, []).extend(keys)
        return found

    def _keys(self, table: str, name: str, value: str) -> list[dict[str, Any]]:
        client = dynamodb_table(self.objects.profile, table)
        keys = ALERT_KEY if table == self.alerts_table else SESSION_KEY
        pages = client.meta.client.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="#name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": value},
            ConsistentRead=True,
        )
        try:
            return [{key: item[key] for key in keys} for page in pages for item in page["Items"]]
        except client.meta.client.exceptions.ResourceNotFoundException:
            # Real time is a switch, and may be off.
            return []

    def delete_items(self, found: dict[str, list[dict[str, Any]]]) -> None:
        for name, keys in found.items():
            table = dynamodb_table(self.objects.profile, name)
            for key in keys:
                table.delete_item(Key=key)

    def expiries(self, now: datetime) -> list[Expiry]:
        """What forgets by itself: streams, logs, and backups of tables."""
        kinesis = kinesis_client(self.objects.profile)
        found = []
        for stream in self.streams:
            try:
                found_stream = kinesis.describe_stream_summary(StreamName=stream)
            except kinesis.exceptions.ResourceNotFoundException:
                continue
            hours = found_stream["StreamDescriptionSummary"]["RetentionPeriodHours"]
            found.append(Expiry(f"Kinesis stream {stream}", now + timedelta(hours=hours)))
        logs = ("logs of functions and archives", "logs of runs, dagster/ in the bucket")
        found += [Expiry(place, now + timedelta(days=LOG_DAYS)) for place in logs]
        for name in (*self.user_tables, self.alerts_table):
            place = f"point-in-time recovery of DynamoDB table {name}"
            found.append(Expiry(place, now + timedelta(days=BACKUP_DAYS)))
        return found
