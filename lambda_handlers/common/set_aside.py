"""Malformed records are kept with their content and the reason, so that none is lost and none holds
up its neighbours. Whatever else fails is tried again by Lambda, until the record's age ends it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

from .wire_fields import MalformedRecordError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "failures"

Parsed = TypeVar("Parsed")

logger = Logger()


@dataclass(frozen=True)
class SetAside:
    """The place of one function's malformed records."""

    s3: "S3Client"
    bucket: str
    function: str

    def keep(self, record: KinesisStreamRecord, reason: str) -> str:
        """Store a record, and return its key: the record's own, so that a retry changes nothing."""
        shard, sequence_number = record.event_id.split(":")
        key = f"{FOLDER}/{self.function}/{shard}-{sequence_number}.json"
        body = {"reason": reason, "record": record.raw_event}
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(body).encode())
        logger.warning("malformed record set aside", key=key, reason=reason)
        with single_metric(name="RecordsSetAside", unit=MetricUnit.Count, value=1):
            pass
        return key


def parsed(
    record: KinesisStreamRecord, parse: Callable[[bytes], Parsed], place: Callable[[], SetAside]
) -> Parsed | None:
    """What a record says; None of one that breaks its contract, which is kept in its place."""
    try:
        return parse(record.kinesis.data_as_bytes())
    except MalformedRecordError as error:
        place().keep(record, str(error))
        return None
