"""What real time costs a month, by line: streams, the job, functions, tables, alarms."""

import math
from collections.abc import Iterator

from infra.cost_sizes import (
    FIREHOSE_ROUNDING,
    GB,
    HEADROOM,
    HEARTBEAT_GB,
    HEARTBEAT_SECONDS,
    HOURS,
    IN_CARTS,
    MILLION,
    QUIET_CARTS_PER_EVENT,
    RECORD_BYTES,
    RUN_SECONDS,
    SECONDS,
    STATES_PER_EVENT,
    UNITS_OF_INDEX,
    UPDATE_SECONDS,
    Installation,
    Line,
)

ONE_SHARD_STREAMS = 5
ALARMS, METRICS = 44, 10
RUNS_AN_HOUR = 8
"""Four of an hour of arrival, four of its day."""
METRIC_READS = 12 * SECONDS / 30
"""Series of streams and job that Dagster's sensor asks for twice a minute."""


def streaming(one: Installation, events: float) -> Iterator[Line]:
    """What real time adds; with no event, what it costs to wait."""
    price, settings = one.price, one.settings["streaming"]
    shards, streams = one.shards, ONE_SHARD_STREAMS + one.shards
    yield from _kept(one, streams)
    window = int(settings["SessionSeconds"])
    states = events * STATES_PER_EVENT[window]
    beats = shards / int(settings["HeartbeatSeconds"])
    puts = (events + states + events * QUIET_CARTS_PER_EVENT + beats) * SECONDS / MILLION
    yield Line(
        "realtime", "Kinesis", f"{puts:.0f} million records", puts * price("kinesis.put_payload_1m")
    )
    yield Line(
        "realtime",
        "Managed Flink",
        f"{shards} KPU and one to orchestrate, RocksDB",
        HOURS
        * (shards * price("managed_flink.kpu_hour") + price("managed_flink.orchestration_kpu_hour"))
        + 50 * shards * price("managed_flink.running_storage"),
    )
    archived = (events + beats) * SECONDS * max(FIREHOSE_ROUNDING, RECORD_BYTES) / GB
    yield Line(
        "realtime",
        "Firehose",
        f"{archived:,.0f} GB, each record counted as 5 KB",
        archived * price("firehose.ingest_gb"),
    )
    yield from functions(one, events, states)
    yield from tables(one, events)
    yield runs(one, events)
    yield Line(
        "realtime",
        "CloudWatch",
        f"{ALARMS} alarms, {METRICS} metrics, a dashboard, sensors that read metrics",
        ALARMS * price("cloudwatch.alarm_month")
        + METRICS * price("cloudwatch.metric_month")
        + price("cloudwatch.dashboard_month")
        + METRIC_READS / 1000 * price("cloudwatch.get_metric_data_1k"),
    )


def _kept(one: Installation, streams: int) -> Iterator[Line]:
    """Shards by the hour, and those of raw events for longer than the day that is free."""
    hours = int(one.settings["streaming"]["StreamRetentionHours"])
    extra = one.shards if hours > 24 else 0  # noqa: PLR2004 - free hours
    usd = streams * one.price("kinesis.shard_hour")
    usd += extra * one.price("kinesis.extended_retention_shard_hour")
    what = f"{streams} shards, {extra} kept longer than a day"
    yield Line("realtime", "Kinesis", what, HOURS * usd)


def runs(one: Installation, events: float) -> Line:
    """The open hour of the archive is staged every quarter of one, and its day follows."""
    count = HOURS * RUNS_AN_HOUR if events else 0
    what = f"{count:,} runs of Dagster, {RUN_SECONDS} s each"
    return Line("realtime", "Fargate", what, count * RUN_SECONDS / 3600 * one.task_hour("Run"))


def tables(one: Installation, events: float) -> Iterator[Line]:
    """DynamoDB: what sessions and quiet carts write."""
    price, window = one.price, int(one.settings["streaming"]["SessionSeconds"])
    # Provisioned for the traffic that is expected, whether it comes or not.
    states = one.events * STATES_PER_EVENT[window]
    indexed = 1.0 if one.settings["sessions"]["IndexedSessions"] == "all" else IN_CARTS
    table = math.ceil(states * HEADROOM)
    index = math.ceil(states * indexed * UNITS_OF_INDEX * HEADROOM)
    reads = 2 * int(one.settings["sessions"]["SessionReadUnits"])
    yield Line(
        "realtime",
        "DynamoDB",
        f"sessions, {window} s a state: SessionWriteUnits {table}, SessionIndexWriteUnits {index}",
        HOURS * ((table + index) * price("dynamodb.wcu_hour") + reads * price("dynamodb.rcu_hour")),
    )
    carts = events * QUIET_CARTS_PER_EVENT * SECONDS / MILLION
    yield Line(
        "realtime",
        "DynamoDB, SNS",
        "quiet carts and alerts, on demand",
        carts * (2 * price("dynamodb.wru_1m") + price("sns.publish_1m")),
    )


def functions(one: Installation, events: float, states: float) -> Iterator[Line]:
    """Lambda by gigabyte-seconds and calls."""
    price = one.price
    heartbeat = SECONDS / 60 * HEARTBEAT_SECONDS * HEARTBEAT_GB
    recorder = states * UPDATE_SECONDS * SECONDS * 0.5
    transformer = (events * RECORD_BYTES / (1 << 20)) * 1.0 * SECONDS * 0.5
    calls = (SECONDS / 60 + SECONDS / 5 * min(1.0, states) + SECONDS / 30) / MILLION
    usd = (heartbeat + recorder + transformer) * price("lambda.arm_gb_second")
    yield Line(
        "realtime",
        "Lambda",
        "heartbeats, sessions, the archive's lines",
        usd + calls * price("lambda.requests_1m"),
    )
    logs = calls * MILLION * 500 / GB
    yield Line(
        "realtime",
        "CloudWatch",
        f"{logs:.1f} GB of logs of functions",
        logs * price("cloudwatch.logs_ingest_gb"),
    )
