"""Lambda entry point: quiet carts from Kinesis, each told once to a topic."""

import os
from datetime import UTC, datetime, timedelta
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

from .affinities import Affinities
from .quiet_cart_table import QuietCartTable
from .quiet_carts import parse_quiet_cart
from .settings import Settings
from .triggers import Triggers

logger = Logger()
metrics = Metrics()
processor = BatchProcessor(
    event_type=EventType.KinesisDataStreams,
    raise_on_entire_batch_failure=False,
    logger=logger,  # type: ignore[arg-type]  # Powertools' own Logger does not subclass logging's
)
METRICS = {
    "told": "QuietCartsTold",
    "duplicate": "QuietCartsToldBefore",
    "empty": "QuietCartsEmpty",
    "bot": "QuietCartsOfBots",
    "too_late": "QuietCartsTooLate",
}


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def triggers() -> Triggers:
    """Built by the first invocation and kept while the execution environment lives."""
    dynamodb = boto3.resource("dynamodb")
    return Triggers(
        table=QuietCartTable(
            dynamodb.Table(settings().quiet_carts_table),
            retention_days=settings().retention_days,
        ),
        affinities=Affinities(dynamodb, settings().product_affinity_table),
        alerts=dynamodb.Table(settings().alerts_table),
        sns=boto3.client("sns"),
        topic_arn=settings().quiet_carts_topic_arn,
        latest=timedelta(seconds=settings().latest_seconds),
        now=lambda: datetime.now(UTC),
    )


@cache
def set_aside() -> SetAside:
    """Built with the first malformed record."""
    return SetAside(boto3.client("s3"), settings().failures_bucket, "cart_recommender")


def record_quiet_cart(record: KinesisStreamRecord) -> None:
    cart = parsed(record, parse_quiet_cart, set_aside)
    if cart is None:
        return
    outcome = triggers().record(cart)
    metrics.add_metric(name=METRICS[outcome], unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@metrics.log_metrics(raise_on_empty_metrics=False)
def handle(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(
        event=event, record_handler=record_quiet_cart, processor=processor, context=context
    )
