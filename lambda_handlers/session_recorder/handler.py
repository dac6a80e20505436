"""Lambda entry point: running states of sessions from Kinesis, the newest kept in DynamoDB."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from common.set_aside import SetAside, parsed
from common.wire_time import to_wire_time

from .session_states import parse_session_state
from .session_table import SessionTable
from .settings import Settings

logger = Logger()
metrics = Metrics()
processor = BatchProcessor(
    event_type=EventType.KinesisDataStreams,
    raise_on_entire_batch_failure=False,
    logger=logger,  # type: ignore[arg-type]  # Powertools' own Logger does not subclass logging's
)


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def session_table() -> SessionTable:
    """Built by the first invocation and kept while the execution environment lives."""
    return SessionTable(
        boto3.resource("dynamodb").Table(settings().sessions_table),
        retention_days=settings().session_retention_days,
        indexes_all=settings().indexes_all,
    )


@cache
def set_aside() -> SetAside:
    """Built with the first malformed record."""
    return SetAside(boto3.client("s3"), settings().failures_bucket, "session_recorder")


def record_session_state(record: KinesisStreamRecord) -> None:
    state = parsed(record, parse_session_state, set_aside)
    if state is None:
        return
    updated_at = to_wire_time(datetime.now(UTC))
    is_newer = session_table().record(state, updated_at=updated_at)
    name = "SessionStatesRecorded" if is_newer else "SessionStatesSuperseded"
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@metrics.log_metrics(raise_on_empty_metrics=False)
def handle(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(
        event=event, record_handler=record_session_state, processor=processor, context=context
    )
