"""Lambda entry point for Firehose: each record becomes one line of the archive."""

import base64
from collections import Counter
from typing import Any

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import (
    KinesisFirehoseDataTransformationRecord,
    KinesisFirehoseDataTransformationResponse,
    KinesisFirehoseEvent,
)
from aws_lambda_powertools.utilities.data_classes.kinesis_firehose_event import (
    KinesisFirehoseRecord,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from .event_lines import Kind, to_line

logger = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    # No partition keys: the lake re-partitions by event date, and dynamic partitioning would only
    # cost money and make small objects.
    response = KinesisFirehoseDataTransformationResponse()
    kinds: Counter[Kind] = Counter()
    for record in KinesisFirehoseEvent(event).records:
        response.add_record(_transform(record, kinds))
    if kinds["unreadable"]:
        _report(kinds["unreadable"])
    return response.asdict()


def _transform(
    record: KinesisFirehoseRecord, kinds: Counter[Kind]
) -> KinesisFirehoseDataTransformationRecord:
    found = to_line(record.data_as_bytes)
    kinds[found.kind] += 1
    if found.line is None:
        return KinesisFirehoseDataTransformationRecord(
            record_id=record.record_id, result="Dropped", data=record.data
        )
    return KinesisFirehoseDataTransformationRecord(
        record_id=record.record_id, data=base64.b64encode(found.line).decode()
    )


def _report(count: int) -> None:
    logger.warning("records that are no JSON were wrapped", record_count=count)
    with single_metric(name="RecordsUnreadable", unit=MetricUnit.Count, value=count):
        pass
