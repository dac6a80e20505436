"""Failed records in S3, and giving them to their function once more."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from ecom_platform.resources.aws import CLIENTS, s3_client
from ecom_platform.streaming.failures import PREFIXES, Failure, parse_failure


@dataclass(frozen=True)
class FailedRecords:
    """Those of an installation, under the role that may try them again."""

    bucket: str
    prefix: str
    profile: str | None = None

    def all(self) -> Iterator[Failure]:
        """Every failure, in the order of its key."""
        s3 = s3_client(self.profile)
        for folder in PREFIXES:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=folder)
            for key in [found["Key"] for page in pages for found in page.get("Contents", [])]:
                body = s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
                yield parse_failure(key, body, prefix=self.prefix)

    def replay(self, failure: Failure) -> bool:
        """Whether the function takes the records now; only then the object goes.

        A function that still finds a record malformed sets it aside again, under the same key.
        """
        s3 = s3_client(self.profile)
        before = self._version(failure)
        answer = CLIENTS.client(self.profile, "lambda").invoke(
            FunctionName=failure.function, Payload=failure.event
        )
        response = json.loads(answer["Payload"].read() or b"null") or {}
        if "FunctionError" in answer or response.get("batchItemFailures"):
            return False
        if self._version(failure) != before:
            return False
        s3.delete_object(Bucket=self.bucket, Key=failure.key)
        return True

    def _version(self, failure: Failure) -> str:
        """The bucket keeps versions, so an object that is written again has another."""
        found = s3_client(self.profile).head_object(Bucket=self.bucket, Key=failure.key)
        return found["VersionId"]
