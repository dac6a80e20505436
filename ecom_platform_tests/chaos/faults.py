"""The faults, each with what is done while a play goes on, or how its traffic is sent otherwise.

A fault strikes at a seeded moment of its part of the play, so that seeds differ.
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import boto3
import psutil

from ecom_platform.simulator.player import Sink
from ecom_platform_tests.chaos.accounts import Account, Difference, difference
from ecom_platform_tests.chaos.faulty_link import Fault as LinkFault
from ecom_platform_tests.chaos.stage import (
    FUNCTIONS,
    GAP,
    SECONDS,
    Clock,
    Records,
    Stage,
    configure,
)
from ecom_platform_tests.chaos.traffic import (
    in_disorder,
    into_one_shard,
    poison,
    twice,
    unevenly,
    with_old_events,
)

CHECKPOINTS_SECONDS = 11
"""Two checkpoints fall due meanwhile."""


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
        keeps_windows: whether rules go on with what they had counted.
        keeps_sessions: whether no event may be late.

    """

    name: str
    act: Callable[[Stage, Clock], None] = nothing
    changed: Callable[[Records], Records] = as_it_is
    sink: Callable[[Sink], Sink] = plainly
    shards: int = 2
    is_alone: bool = False
    keeps_windows: bool = True
    keeps_sessions: bool = True

    def cost(self, calm: Account, found: Account) -> Difference:
        """What it has cost, beside a calm play."""
        return difference(
            calm, found, keeps_windows=self.keeps_windows, keeps_sessions=self.keeps_sessions
        )


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


def during(
    breaks: Callable[[Stage], AbstractContextManager[None]], stage: Stage, clock: Clock
) -> None:
    """Something is broken from a seeded moment on, for two checkpoints."""
    begin = moment(stage, 4, GAP[0] - 2)
    clock.wait_until(begin)
    with breaks(stage):
        clock.wait_until(begin + CHECKPOINTS_SECONDS)


def broken_kinesis(fault: LinkFault, stage: Stage) -> AbstractContextManager[None]:
    """As Flink sees it."""
    return stage.flink_link.broken(fault)


def broken_dynamodb(fault: LinkFault, stage: Stage) -> AbstractContextManager[None]:
    """As the functions see it."""
    return stage.dynamodb_link.broken(fault)


@contextmanager
def timed_out(stage: Stage) -> Iterator[None]:
    """DynamoDB does not answer within the functions' time."""
    with ExitStack() as settings:
        for function in FUNCTIONS:
            configure(function, {}, Timeout=3)
            settings.callback(partial(configure, function, {}, Timeout=60))
        with broken_dynamodb("stalls", stage):
            yield


@contextmanager
def throttled(_stage: Stage) -> Iterator[None]:
    client = boto3.client("lambda")
    with ExitStack() as limits:
        for function in FUNCTIONS:
            client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
            limits.callback(client.delete_function_concurrency, FunctionName=function)
        yield


@contextmanager
def forbidden(_stage: Stage) -> Iterator[None]:
    """DynamoDB answers, and refuses."""
    iam = boto3.client("iam")
    deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    with ExitStack() as policies:
        for role in FUNCTIONS:
            iam.put_role_policy(RoleName=role, PolicyName="chaos", PolicyDocument=document)
            policies.callback(iam.delete_role_policy, RoleName=role, PolicyName="chaos")
        yield


def poison_results(stage: Stage, clock: Clock) -> None:
    """Between detections and session states stand records that are none."""
    kinesis = boto3.client("kinesis")
    for second in range(4, SECONDS, 4):
        clock.wait_until(second)
        for stream in ("ecom-detections", "ecom-user-sessions"):
            kinesis.put_record(StreamName=stream, Data=b'{"rule": 7', PartitionKey=str(second))


def split_unannounced(stage: Stage, clock: Clock) -> None:
    """Both shards, in the middle of traffic."""
    kinesis = boto3.client("kinesis")
    clock.wait_until(moment(stage, 5, GAP[0] - 5))
    for shard in kinesis.list_shards(StreamName="ecom-raw-events")["Shards"]:
        keys = shard["HashKeyRange"]
        begin, end = int(keys["StartingHashKey"]), int(keys["EndingHashKey"])
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
    Fault("functions_time_out", partial(during, timed_out)),
    Fault("functions_throttled", partial(during, throttled)),
    Fault("dynamodb_refuses", partial(during, forbidden)),
    Fault("dynamodb_stalls", partial(during, partial(broken_dynamodb, "stalls"))),
    Fault("dynamodb_drops", partial(during, partial(broken_dynamodb, "drops"))),
    Fault("kinesis_refuses", partial(during, partial(broken_kinesis, "refuses"))),
    Fault("kinesis_stalls", partial(during, partial(broken_kinesis, "stalls"))),
    Fault("kinesis_drops", partial(during, partial(broken_kinesis, "drops"))),
    Fault("four_uneven_shards", sink=unevenly, shards=4),
    Fault("split_by_procedure", split_by_procedure, is_alone=True, keeps_windows=False),
    Fault(
        "split_unannounced",
        split_unannounced,
        is_alone=True,
        keeps_windows=False,
        keeps_sessions=False,
    ),
)
