"""Putting records on a Kinesis stream: batches within the service's limits, and failed records of a
batch again until all are stored.

What does not belong here: what the records say, and when each is due (`commands.playing`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from ecom_platform.simulator.replay import Record

MOST_RECORDS = 500
MOST_BYTES = 5 * 1024 * 1024
"""Limits of one call of `put_records`: records, and bytes of data and partition keys."""

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0


class StreamError(RuntimeError):
    """The stream does not take records; the message says which stream, and why."""


class PutsRecords(Protocol):
    """The one call of boto3's Kinesis client that is needed."""

    def put_records(self, **request: Any) -> Any: ...  # noqa: ANN401 - boto3's own form


@dataclass(frozen=True, kw_only=True)
class EventStream:
    """A stream under one role; a record is tried `attempts` times before giving up."""

    client: PutsRecords
    name: str
    attempts: int = 12
    sleep: Callable[[float], None] = time.sleep

    def put(self, batch: Sequence[Record], stored: Callable[[Sequence[Record]], None]) -> int:
        """Store a batch; `stored` hears of records as soon as they are. Returns how often a record
        had to be sent again.

        Raises:
            StreamError: the stream is missing or forbidden, or a record failed every attempt.

        """
        left, sent_again_count = list(batch), 0
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS))
                sent_again_count += len(left)
            results = self._call(left)
            pairs = list(zip(left, results, strict=True))
            stored([record for record, result in pairs if not result.get("ErrorCode")])
            left = [record for record, result in pairs if result.get("ErrorCode")]
            if not left:
                return sent_again_count
        codes = sorted({result["ErrorCode"] for result in results if result.get("ErrorCode")})
        raise StreamError(
            f"{len(left)} records for {self.name} failed {self.attempts} times"
            f" ({', '.join(codes)}); send more slowly, or give the stream more shards"
        )

    def _call(self, records: Sequence[Record]) -> list[dict[str, str]]:
        entries = [{"Data": r.data, "PartitionKey": r.partition_key} for r in records]
        try:
            answer = self.client.put_records(StreamName=self.name, Records=entries)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                raise StreamError(
                    f"there is no stream {self.name}; deploy it, or name another by ECOM_PREFIX"
                ) from error
            raise StreamError(f"stream {self.name}: {code}: {error}") from error
        return list(answer["Records"])


def fits(*, count: int, size: int, record: Record) -> bool:
    """Whether a batch of so many records and bytes takes one more."""
    return count < MOST_RECORDS and size + record.size <= MOST_BYTES
