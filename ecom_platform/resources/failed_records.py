"""Failed records in S3, and giving them to their function once more."""

import json
from dataclasses import dataclass

from ecom_platform.resources.aws import CLIENTS, s3_client
from ecom_platform.streaming.failures import PREFIXES, Failure, parse_failure


@dataclass(frozen=True)
class FailedRecords:
    """Those of an installation, under the role that may try them again."""

    bucket: str
    prefix: str
    profile: str | None = None

    def keys(self) -> list[str]:
        """Of every object in which records failed."""
        return [key for folder in PREFIXES for key in self._keys(folder)]

    def read(self, key: str) -> Failure:
        """The failure in an object.

        Raises:
            ValueError, KeyError: it is none; somebody else put it there.

        """
        body = s3_client(self.profile).get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return parse_failure(key, body, prefix=self.prefix)

    def replay(self, failure: Failure) -> int:
        """How many of the records the function takes now. Only if it takes what it can take, the
        object goes; what it still finds malformed it sets aside, each under a key of its own.
        """
        s3 = s3_client(self.profile)
        before = self._version(failure)
        answer = CLIENTS.client(self.profile, "lambda").invoke(
            FunctionName=failure.function, Payload=failure.event
        )
        response = json.loads(answer["Payload"].read() or b"null") or {}
        if "FunctionError" in answer or response.get("batchItemFailures"):
            return 0
        if self._version(failure) != before:
            return 0
        s3.delete_object(Bucket=self.bucket, Key=failure.key)
        # Each by its key: to list all that ever failed would take longer with every failure.
        return sum(not self._keys(key) for key in failure.keys_aside)

    def _keys(self, prefix: str) -> list[str]:
        pages = s3_client(self.profile).get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=prefix)
        return [one["Key"] for page in found for one in page.get("Contents", [])]

    def _version(self, failure: Failure) -> str:
        """The bucket keeps versions, so an object that is written again has another."""
        found = s3_client(self.profile).head_object(Bucket=self.bucket, Key=failure.key)
        return found["VersionId"]
