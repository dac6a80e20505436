"""What a user did last before an alert, read back from the raw stream for the message.

Whoever looks needs a few events, not all: a look is bounded in calls, and a stream that cannot be
read holds up no alert; the message then says why.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient

WANTED = 10
LOOKS_BACK_SECONDS = (2, 15, 120)
"""From so long before the crossing on; further back where a slow actor did less than wanted."""
PAGES_PER_SHARD = 2
MOST_SHARDS = 16
"""Of a larger stream the first ones are looked at: the events are an example, not a record."""
FIELDS = ("event_time", "event_type", "product_id", "price", "user_session")
LONGEST_TEXT = 40
"""Values come from outside; a message has room for what events usually hold."""


@dataclass(frozen=True)
class LastEvents:
    """The last events of a user, the newest last, or why they could not be read."""

    events: tuple[dict[str, Any], ...] = ()
    unread_reason: str | None = None


class RecentEvents:
    """Reads the raw stream. Its records are keyed by category, so a user's lie in every shard."""

    def __init__(self, kinesis: "KinesisClient", stream: str) -> None:
        self._kinesis = kinesis
        self._stream = stream

    def before(self, user_id: str, crossed_at: int) -> LastEvents:
        """The last events of a user around a crossing (epoch milliseconds)."""
        events: list[dict[str, Any]] = []
        try:
            shards = self._kinesis.list_shards(StreamName=self._stream)["Shards"][:MOST_SHARDS]
            for seconds in LOOKS_BACK_SECONDS:
                since = datetime.fromtimestamp(crossed_at / 1000 - seconds, UTC)
                found = [one for shard in shards for one in self._records(shard["ShardId"], since)]
                records = [_event(data) for _, data in sorted(found)]
                events = [event for event in records if _is_of(event, user_id)]
                if len(events) >= WANTED:
                    break
        except (ClientError, BotoCoreError) as error:
            return LastEvents(unread_reason=str(error))
        return LastEvents(tuple(_shown(event) for event in events[-WANTED:]))

    def _records(self, shard: str, since: datetime) -> Iterator[tuple[datetime, bytes]]:
        """Records of a shard with their times of arrival."""
        iterator: str | None = self._kinesis.get_shard_iterator(
            StreamName=self._stream,
            ShardId=shard,
            ShardIteratorType="AT_TIMESTAMP",
            Timestamp=since,
        )["ShardIterator"]
        for _ in range(PAGES_PER_SHARD):
            if iterator is None:
                return
            page = self._kinesis.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                yield record["ApproximateArrivalTimestamp"], record["Data"]
            iterator = page.get("NextShardIterator") if page["MillisBehindLatest"] else None


def _event(data: bytes) -> dict[str, Any]:
    """What a record says; nothing where it is no event, which others judge and keep."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _is_of(event: dict[str, Any], user_id: str) -> bool:
    return "user_id" in event and str(event["user_id"]) == user_id


def _shown(event: dict[str, Any]) -> dict[str, Any]:
    return {name: str(event[name])[:LONGEST_TEXT] for name in FIELDS if event.get(name) is not None}
