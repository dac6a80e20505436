"""Puts heartbeats and canaries into a stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .records import canary, heartbeat

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

SHARD_PAGE = 1000


@dataclass(frozen=True)
class Sender:
    """One stream."""

    kinesis: "KinesisClient"
    stream: str

    def beat(self, now: datetime) -> int:
        """Put one heartbeat into every open shard; return how many shards took it."""
        return self._put([heartbeat(now, key) for key in self._hash_keys()])

    def send_canary(self, now: datetime) -> int:
        """Put one burst into the first open shard; return how many of its events were taken."""
        return self._put(canary(now, self._hash_keys()[0]))

    def _hash_keys(self) -> list[str]:
        """The first hash key of every open shard."""
        shards = self.kinesis.list_shards(StreamName=self.stream, MaxResults=SHARD_PAGE)["Shards"]
        return [
            shard["HashKeyRange"]["StartingHashKey"]
            for shard in shards
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        ]

    def _put(self, records: "Sequence[PutRecordsRequestEntryTypeDef]") -> int:
        response = self.kinesis.put_records(StreamName=self.stream, Records=records)
        return len(records) - int(response["FailedRecordCount"])
