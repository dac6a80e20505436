"""The faults, each with what is done while a play goes on, or how its traffic is sent otherwise.

A fault strikes at a seeded moment of its part of the play, so that seeds differ.
"""

import json
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import boto3
import psutil

from ecom_platform.simulator.event_stream import EventStream
from ecom_platform.simulator.player import Sink
from ecom_platform.simulator.replay import Record
from ecom_platform.simulator.wire import parse_wire_time, wire_time
from ecom_platform_tests.chaos.faulty_link import Fault as LinkFault
from ecom_platform_tests.chaos.faulty_link import FaultyLink
from ecom_platform_tests.chaos.stage import (
    FUNCTIONS,
    GAP,
    SECONDS,
    Clock,
    Records,
    Stage,
    configure,
)
from ecom_platform_tests.support.event_cases import CASES, FIRST_USER, good_users, record

CHECKPOINTS_SECONDS = 11
"""Two checkpoints fall due meanwhile."""
DISORDER_MS = 500
EARLIER_MS = 3_600_000
POISON = "poison"
SIDES = ("Starting", "Ending")
UNEVEN = (70, 90, 98)
"""Of four shards, in percent of the users: 70, 20, 8 and 2."""


def nothing(_stage: Stage, _clock: Clock) -> None:
    """Let it play."""


def as_it_is(records: Records) -> Records:
    return records


def plainly(sink: Sink) -> Sink:
    return sink


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: what it is called.
        act: what is done meanwhile.
        changed: what becomes of the records that are sent.
        sink: how they are put.
        shards: of the raw stream; faults of the same number share a stage.
        is_alone: whether the stream is of no use to others afterwards.
        keeps_times: whether alerts must have the very times of a calm play.

    """

    name: str
    act: Callable[[Stage, Clock], None] = nothing
    changed: Callable[[Records], Records] = as_it_is
    sink: Callable[[Sink], Sink] = plainly
    shards: int = 2
    is_alone: bool = False
    keeps_times: bool = True
    may_be_late: bool = False


def kill_flink(begin: float, end: float, stage: Stage, clock: Clock) -> None:
    clock.wait_until(moment(stage, begin, end))
    stage.live.kill_flink()
    stage.live.start_flink()


def moment(stage: Stage, begin: float, end: float) -> float:
    """A seeded moment between two seconds of a play."""
    return random.Random(f"{stage.seed} {len(stage.plays)}").uniform(begin, end)


def stop_cloud(stage: Stage, clock: Clock) -> None:
    """In order, while nobody sends."""
    clock.wait_until(GAP[0] + 0.5)
    stage.cloud.stop()
    stage.cloud.start()


def stop_stream(stage: Stage, clock: Clock) -> None:
    """Not even a heartbeat comes in the gap."""
    heartbeat = psutil.Process(int((stage.live.state / "flink" / "heartbeat.pid").read_text()))
    clock.wait_until(GAP[0])
    with suspended(heartbeat):
        clock.wait_until(GAP[1] - 1)


@contextmanager
def suspended(process: psutil.Process) -> Iterator[None]:
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def break_link(
    link_of: Callable[[Stage], FaultyLink], fault: LinkFault, stage: Stage, clock: Clock
) -> None:
    clock.wait_until(moment(stage, 4, GAP[0] - 2))
    with link_of(stage).broken(fault):
        clock.wait_until(moment(stage, 4, GAP[0] - 2) + CHECKPOINTS_SECONDS)


def flink_link(stage: Stage) -> FaultyLink:
    return stage.flink_link


def dynamodb_link(stage: Stage) -> FaultyLink:
    return stage.dynamodb_link


def time_out(stage: Stage, clock: Clock) -> None:
    """DynamoDB does not answer within the functions' time."""
    with ExitStack() as settings:
        for function in FUNCTIONS:
            configure(function, {}, Timeout=3)
            settings.callback(partial(configure, function, {}, Timeout=60))
        break_link(dynamodb_link, "stalls", stage, clock)


def throttle(stage: Stage, clock: Clock) -> None:
    client = boto3.client("lambda")
    clock.wait_until(moment(stage, 4, GAP[0] - 2))
    for function in FUNCTIONS:
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    clock.wait_until(moment(stage, 4, GAP[0] - 2) + CHECKPOINTS_SECONDS)
    for function in FUNCTIONS:
        client.delete_function_concurrency(FunctionName=function)


def forbid_dynamodb(stage: Stage, clock: Clock) -> None:
    """DynamoDB answers, and refuses."""
    iam = boto3.client("iam")
    deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    clock.wait_until(moment(stage, 4, GAP[0] - 2))
    for role in FUNCTIONS:
        iam.put_role_policy(RoleName=role, PolicyName="chaos", PolicyDocument=document)
    clock.wait_until(moment(stage, 4, GAP[0] - 2) + CHECKPOINTS_SECONDS)
    for role in FUNCTIONS:
        iam.delete_role_policy(RoleName=role, PolicyName="chaos")


def poison_results(stage: Stage, clock: Clock) -> None:
    """Between detections and session states stand records that are none."""
    kinesis = boto3.client("kinesis")
    for second in range(4, SECONDS, 4):
        clock.wait_until(second)
        for stream in ("ecom-detections", "ecom-user-sessions"):
            kinesis.put_record(StreamName=stream, Data=b'{"rule": 7', PartitionKey=str(second))


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

    client: object
    key_of: Callable[[int], str]

    def put_records(self, *, StreamName: str, Records: Iterable[dict[str, object]]) -> object:  # noqa: N803
        keyed = [
            {**one, "ExplicitHashKey": self.key_of(json.loads(one["Data"])["user_id"])}
            for one in Records
        ]
        return self.client.put_records(StreamName=StreamName, Records=keyed)


def split_unannounced(stage: Stage, clock: Clock) -> None:
    """Both shards, in the middle of traffic."""
    kinesis = boto3.client("kinesis")
    clock.wait_until(moment(stage, 5, GAP[0] - 5))
    for shard in kinesis.list_shards(StreamName="ecom-raw-events")["Shards"]:
        begin, end = (int(shard["HashKeyRange"][f"{side}HashKey"]) for side in SIDES)
        kinesis.split_shard(
            StreamName="ecom-raw-events",
            ShardToSplit=shard["ShardId"],
            NewStartingHashKey=str((begin + end) // 2 + 1),
        )


def split_by_procedure(stage: Stage, clock: Clock) -> None:
    """Senders rest, the job reads to the end; a new stream with more shards, and a fresh start."""
    clock.wait_until(GAP[0])
    stage.wait_until_read()
    stage.live.forget_state()
    kinesis = boto3.client("kinesis")
    stage.kept_records += stage.raw_records()
    kinesis.delete_stream(StreamName="ecom-raw-events")
    kinesis.create_stream(StreamName="ecom-raw-events", ShardCount=4)
    stage.live.start_flink()


FAULTS: tuple[Fault, ...] = (
    Fault("flink_killed_early", partial(kill_flink, 4, GAP[0])),
    Fault("flink_killed_in_silence", partial(kill_flink, *GAP)),
    Fault("flink_killed_late", partial(kill_flink, GAP[1], SECONDS)),
    Fault("local_cloud_restarted", stop_cloud),
    Fault("batches_twice", sink=twice),
    Fault("disorder", changed=in_disorder),
    Fault("old_events", changed=with_old_events),
    Fault("idle_shard", sink=into_one_shard),
    Fault("stopped_stream", stop_stream),
    Fault("poison", changed=poison),
    Fault("poison_between_results", poison_results),
    Fault("functions_time_out", time_out),
    Fault("functions_throttled", throttle),
    Fault("dynamodb_refuses", forbid_dynamodb),
    Fault("dynamodb_stalls", partial(break_link, dynamodb_link, "stalls")),
    Fault("dynamodb_drops", partial(break_link, dynamodb_link, "drops")),
    Fault("kinesis_refuses", partial(break_link, flink_link, "refuses")),
    Fault("kinesis_stalls", partial(break_link, flink_link, "stalls")),
    Fault("kinesis_drops", partial(break_link, flink_link, "drops")),
    Fault("four_uneven_shards", sink=unevenly, shards=4),
    Fault("split_by_procedure", split_by_procedure, is_alone=True, keeps_times=False),
    Fault(
        "split_unannounced", split_unannounced, is_alone=True, keeps_times=False, may_be_late=True
    ),
)
