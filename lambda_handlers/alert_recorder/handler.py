"""Lambda entry point: detections from Kinesis become alerts; a schedule closes those gone quiet."""

import os
import time
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from common.set_aside import SetAside, parsed

from .alert_metrics import AlertMetrics
from .alert_table import AlertTable
from .announcer import Announcer
from .crossings import parse_crossing
from .recent_events import RecentEvents
from .recorder import AlertRecorder
from .settings import Settings

RESOLVE_TASK = "resolve_quiet_alerts"
QUICKLY = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
"""An alert waits for no example of its events."""

logger = Logger()
processor = BatchProcessor(
    event_type=EventType.KinesisDataStreams,
    raise_on_entire_batch_failure=False,
    logger=logger,  # type: ignore[arg-type]  # Powertools' own Logger does not subclass logging's
)


class UnknownEventError(ValueError):
    """An invocation that is neither a Kinesis batch nor the schedule's."""


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def recorder() -> AlertRecorder:
    """Built by the first invocation and kept while the execution environment lives."""
    dynamodb = boto3.resource("dynamodb")
    return AlertRecorder(
        alerts=AlertTable(
            dynamodb.Table(settings().alerts_table),
            retention_days=settings().alert_retention_days,
        ),
        announcer=Announcer(
            sns=boto3.client("sns"),
            topic_arn=settings().alerts_topic_arn,
            rates=dynamodb.Table(settings().alert_rates_table),
            limit_per_minute=settings().announced_alerts_per_minute,
            recent_events=RecentEvents(
                boto3.client("kinesis", config=QUICKLY), settings().raw_events_stream
            ),
        ),
        now=lambda: time.time_ns() // 1_000_000,
    )


@cache
def set_aside() -> SetAside:
    """Built with the first malformed record."""
    return SetAside(boto3.client("s3"), settings().failures_bucket, "alert_recorder")


@logger.inject_lambda_context
def handle(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse | dict[str, int]:
    metrics = AlertMetrics(known_rules=settings().known_rules)
    try:
        if "Records" in event:
            return _record_detections(event, context, metrics)
        if event.get("task") == RESOLVE_TASK:
            return _resolve_quiet_alerts(metrics)
    finally:
        metrics.flush()
    raise UnknownEventError(f"keys {sorted(event)}: send Records, or task={RESOLVE_TASK!r}")


def _record_detections(
    event: dict[str, Any], context: LambdaContext, metrics: AlertMetrics
) -> PartialItemFailureResponse:
    def record_detection(record: KinesisStreamRecord) -> None:
        crossing = parsed(record, parse_crossing, set_aside)
        if crossing is None:
            return
        metrics.count_outcome(crossing, recorder().record(crossing))

    return process_partial_response(
        event=event, record_handler=record_detection, processor=processor, context=context
    )


def _resolve_quiet_alerts(metrics: AlertMetrics) -> dict[str, int]:
    resolved_count = 0
    for alert in recorder().resolve_quiet_alerts():
        metrics.count_resolved(alert)
        resolved_count += 1
    logger.info("quiet alerts resolved", resolved_count=resolved_count)
    return {"resolved_count": resolved_count}
