"""Traffic that is sent otherwise: poison in it, twice, in disorder, late, into chosen shards."""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3

from ecom_platform.simulator.event_stream import EventStream, PutsRecords
from ecom_platform.simulator.player import Sink
from ecom_platform.simulator.replay import Record
from ecom_platform.simulator.wire import parse_wire_time, wire_time
from ecom_platform_tests.chaos.stage import Records
from ecom_platform_tests.support.event_cases import CASES, FIRST_USER, good_users, record

DISORDER_MS = 500
EARLIER_MS = 3_600_000
POISON = "poison"
UNEVEN = (70, 90, 98)
"""Of four shards, in percent of the users: 70, 20, 8 and 2."""


def poison(records: Records) -> Iterator[Record]:
    """Behind every fifth event one of the cases that no rule can use."""
    bad = [place for place in range(len(CASES)) if FIRST_USER + place not in good_users("flink")]
    for number, one in enumerate(records):
        yield one
        if number % 5 == 0:
            place = bad[number // 5 % len(bad)]
            moment_of_it = datetime.fromtimestamp(one.event_ms / 1000, UTC)
            yield replace(one, data=record(place, moment_of_it), what=POISON)


def twice(sink: Sink) -> Sink:
    return _Twice(sink)


@dataclass(frozen=True)
class _Twice:
    """Every batch is put again at once, as a producer does that missed the answer."""

    sink: Sink

    def put(self, batch: Sequence[Record], stored: Callable[[Sequence[Record]], None]) -> int:
        return self.sink.put(batch, stored) + self.sink.put(batch, lambda _: None)


def in_disorder(records: Records) -> Iterator[Record]:
    """Each record up to half a second later than its time, so that neighbours change places."""
    later = (
        replace(one, send_ms=one.send_ms + zlib.crc32(one.data) % DISORDER_MS) for one in records
    )
    yield from sorted(later, key=lambda one: one.send_ms)


def with_old_events(records: Records) -> Iterator[Record]:
    """Beside every tenth event one of another user, an hour after its time."""
    for number, one in enumerate(records):
        yield one
        if number % 10 == 0:
            yield _an_hour_old(one, number)


def _an_hour_old(one: Record, number: int) -> Record:
    event = json.loads(one.data)
    old = wire_time(parse_wire_time(event["event_time"]) - EARLIER_MS)
    user = one.user_id + 5_000_000_000 + number
    named = {"event_id": f"old-{event['event_id']}", "user_session": f"old-{number}"}
    changed = {**event, "event_time": old, "user_id": user, **named}
    return replace(one, data=json.dumps(changed).encode(), what="late", user_id=user)


def into_one_shard(sink: Sink) -> Sink:
    """All of it; the other shard has heartbeats alone."""
    return _by_shard(sink, lambda _: 0)


def unevenly(sink: Sink) -> Sink:
    return _by_shard(sink, lambda user: sum(zlib.crc32(b"%d" % user) % 100 >= u for u in UNEVEN))


def _by_shard(sink: Sink, place_of: Callable[[int], int]) -> Sink:
    assert isinstance(sink, EventStream)
    shards = boto3.client("kinesis").list_shards(StreamName=sink.name)["Shards"]
    keys = [shard["HashKeyRange"]["StartingHashKey"] for shard in shards]
    return replace(sink, client=_Keyed(sink.client, lambda user: keys[place_of(user)]))


@dataclass(frozen=True)
class _Keyed:
    """A client that chooses the shard by the user."""

    client: PutsRecords
    key_of: Callable[[int], str]

    def put_records(self, **request: Any) -> Any:
        keyed = [
            {**one, "ExplicitHashKey": self.key_of(json.loads(one["Data"])["user_id"])}
            for one in request["Records"]
        ]
        return self.client.put_records(**{**request, "Records": keyed})
