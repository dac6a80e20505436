"""Lambda entry point for Firehose: each record becomes one line of the archive."""

import base64
from collections import Counter
from datetime import UTC, datetime
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
from common.wire_time import to_wire_time

from .event_lines import Kind, to_line

MOST_ANSWER_BYTES = 5_500_000
"""Below the 6 MB that Lambda answers with at most: an answer above it fails the whole batch."""
RECORD_BYTES = 200
"""What one record of the answer takes beside its data."""
METRICS: dict[str, Kind] = {"EventsArchived": "event", "RecordsUnreadable": "unreadable"}

logger = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    # No partition keys: the lake re-partitions by event date, and dynamic partitioning would only
    # cost money and make small objects.
    response = KinesisFirehoseDataTransformationResponse()
    kinds: Counter[Kind] = Counter()
    answer_bytes = 0
    for record in KinesisFirehoseEvent(event).records:
        transformed = _transform(record, kinds)
        answer_bytes += len(transformed.data) + RECORD_BYTES
        if answer_bytes > MOST_ANSWER_BYTES:
            # Firehose puts these into its folder of refused records, whence the lake takes them.
            transformed = KinesisFirehoseDataTransformationRecord(
                record_id=record.record_id, result="ProcessingFailed"
            )
        response.add_record(transformed)
    _report(kinds)
    return response.asdict()


def _transform(
    record: KinesisFirehoseRecord, kinds: Counter[Kind]
) -> KinesisFirehoseDataTransformationRecord:
    arrived_at = datetime.fromtimestamp(record.approximate_arrival_timestamp / 1000, UTC)
    found = to_line(record.data_as_bytes, to_wire_time(arrived_at))
    kinds[found.kind] += 1
    if found.line is None:
        return KinesisFirehoseDataTransformationRecord(record_id=record.record_id, result="Dropped")
    return KinesisFirehoseDataTransformationRecord(
        record_id=record.record_id, data=base64.b64encode(found.line).decode()
    )


def _report(kinds: Counter[Kind]) -> None:
    """Events apart from heartbeats and canaries: only they say whether the shop is silent."""
    if kinds["unreadable"]:
        logger.warning("records that are no JSON object were wrapped", kinds=dict(kinds))
    for name, kind in METRICS.items():
        if kinds[kind]:
            with single_metric(name=name, unit=MetricUnit.Count, value=kinds[kind]):
                pass
