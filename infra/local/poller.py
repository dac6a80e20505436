"""Delivers Kinesis records to Lambda as AWS does, where the emulator's own poller does not.

It takes over every deployed Kinesis mapping: partial batch responses, bisecting, the retry limit,
the record age and the bucket of failures are honoured. Run it as `python -m infra.local.poller
CHECKPOINTS`, a folder; SIGTERM ends it after the batches under way. The shards of a split are read
at once, not parents first. Nothing of this is used on AWS.
"""

import base64
import json
import logging
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

POLL_SECONDS = 0.25
ADOPT_SECONDS = 2.0
LONGEST_BACKOFF_SECONDS, MOST_DOUBLINGS = 8.0, 7
ADOPTED = "adopted"
"""A file that appears once the mappings are taken over."""

logger = logging.getLogger("local_poller")
Records = Sequence[Any]


class ShardPoller:
    """Brings the records of a shard to a function, in order, until each is taken or given up."""

    def __init__(
        self, mapping: dict[str, Any], shard_id: str, *, checkpoint: Path, stop: threading.Event
    ) -> None:
        # A second attempt by the SDK would be a delivery that nobody counts.
        once = Config(read_timeout=900, retries={"total_max_attempts": 1})
        self._kinesis, self._s3 = boto3.client("kinesis"), boto3.client("s3")
        self._lambda = boto3.client("lambda", config=once)
        self._mapping, self._shard_id = mapping, shard_id
        self._checkpoint, self._stop = checkpoint, stop

    def run(self) -> None:
        """Returns when told to stop, or when the shard is closed and read to its end."""
        iterator: str | None = self._iterator()
        waiting: list[Any] = []
        due = 0.0
        while iterator and not self._stop.is_set():
            limit = self._mapping["BatchSize"] - len(waiting)
            got = self._kinesis.get_records(ShardIterator=iterator, Limit=limit)
            iterator = got.get("NextShardIterator")
            if got["Records"] and not waiting:
                due = time.monotonic() + self._mapping.get("MaximumBatchingWindowInSeconds", 0)
            waiting += got["Records"]
            is_full = len(waiting) >= self._mapping["BatchSize"]
            if waiting and (is_full or not iterator or time.monotonic() >= due):
                self.deliver(waiting)
                waiting = []
            else:
                self._stop.wait(POLL_SECONDS)

    def deliver(self, records: Records) -> None:
        batches = deque([(records, 0)])
        while batches and not self._stop.is_set():
            batch, retries = batches.popleft()
            expired = [record for record in batch if self._is_too_old(record)]
            if expired:
                self._give_up(expired, "RecordAgeExceeded", retries)
                batch = batch[len(expired) :]
            failed_at = self._invoke(batch) if batch else None
            if batch and failed_at != 0:
                self._settle(batch[-1 if failed_at is None else failed_at - 1])
            if failed_at is not None:
                batches.extendleft(reversed(self._next(batch, failed_at, retries)))

    def _next(self, batch: Records, failed_at: int, retries: int) -> list[tuple[Records, int]]:
        """What is tried next. Splitting uses up no retries, as on AWS."""
        rest, middle = batch[failed_at:], (len(batch) - failed_at) // 2
        if self._mapping.get("BisectBatchOnFunctionError") and len(batch) > 1:
            # AWS splits at the reported record. Where that is the first one, halves isolate it.
            parts = [rest] if failed_at else [rest[:middle], rest[middle:]]
            return [(part, retries) for part in parts]
        if 0 <= self._mapping.get("MaximumRetryAttempts", -1) <= retries:
            self._give_up(rest, "RetryAttemptsExhausted", retries)
            return []
        self._stop.wait(min(0.1 * 2 ** min(retries, MOST_DOUBLINGS), LONGEST_BACKOFF_SECONDS))
        return [(rest, retries + 1)]

    def _invoke(self, batch: Records) -> int | None:
        """The place of the first record that failed, or None."""
        payload = json.dumps({"Records": [self._event_record(record) for record in batch]})
        answer = self._lambda.invoke(FunctionName=self._mapping["FunctionArn"], Payload=payload)
        response = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            return 0
        if "ReportBatchItemFailures" not in self._mapping.get("FunctionResponseTypes", []):
            return None
        failures = (response or {}).get("batchItemFailures") or []
        places = {record["SequenceNumber"]: place for place, record in enumerate(batch)}
        # A number that is not in the batch fails all of it, as on AWS.
        return min((places.get(failure["itemIdentifier"], 0) for failure in failures), default=None)

    def _event_record(self, record: dict[str, Any]) -> dict[str, Any]:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": base64.b64encode(record["Data"]).decode(),
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self._shard_id}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "awsRegion": self._mapping["EventSourceArn"].split(":")[3],
            "eventSourceARN": self._mapping["EventSourceArn"],
        }

    def _give_up(self, records: Records, condition: str, retries: int) -> None:
        """Like AWS, tell S3 the place in the stream, and what the function was given."""
        now = datetime.now(UTC)
        message = {
            "requestContext": {
                "functionArn": self._mapping["FunctionArn"],
                "condition": condition,
                "approximateInvokeCount": retries + 1,
            },
            "version": "1.0",
            "timestamp": now.isoformat(),
            "KinesisBatchInfo": {
                "shardId": self._shard_id,
                "startSequenceNumber": records[0]["SequenceNumber"],
                "endSequenceNumber": records[-1]["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _text(records[0]["ApproximateArrivalTimestamp"]),
                "approximateArrivalOfLastRecord": _text(records[-1]["ApproximateArrivalTimestamp"]),
                "batchSize": len(records),
                "streamArn": self._mapping["EventSourceArn"],
            },
        }
        logger.warning("given up: %s", json.dumps(message))
        bucket = self._mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if bucket:
            payload = json.dumps({"Records": [self._event_record(record) for record in records]})
            key = f"aws/lambda/{self._mapping['UUID']}/{self._shard_id}/{now:%Y/%m/%d}/{uuid4()}"
            self._s3.put_object(
                Bucket=bucket.rsplit(":", 1)[1],
                Key=key,
                Body=json.dumps({**message, "payload": payload}).encode(),
            )
        self._settle(records[-1])

    def _is_too_old(self, record: dict[str, Any]) -> bool:
        age = datetime.now(UTC) - record["ApproximateArrivalTimestamp"]
        limit = int(self._mapping.get("MaximumRecordAgeInSeconds", -1))
        return 0 <= limit < int(age.total_seconds())

    def _iterator(self) -> str:
        shard = {"StreamARN": self._mapping["EventSourceArn"], "ShardId": self._shard_id}
        kind = {"ShardIteratorType": self._mapping["StartingPosition"]}
        if self._checkpoint.exists():
            last = self._checkpoint.read_text()
            kind = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
        return self._kinesis.get_shard_iterator(**shard, **kind)["ShardIterator"]

    def _settle(self, record: dict[str, Any]) -> None:
        fresh = self._checkpoint.with_suffix(".new")
        fresh.write_text(record["SequenceNumber"])
        fresh.replace(self._checkpoint)


class Poller:
    """Finds mappings and shards, also those of a later deployment, and runs one thread for each."""

    def __init__(self, checkpoints: Path, *, stop: threading.Event) -> None:
        self._lambda, self._kinesis = boto3.client("lambda"), boto3.client("kinesis")
        self._checkpoints, self._stop = checkpoints, stop
        self._threads: dict[Path, threading.Thread] = {}

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self.adopt()
                (self._checkpoints / ADOPTED).touch()
            except (BotoCoreError, ClientError) as error:
                logger.warning("cannot look for mappings, trying again: %s", error)
            self._stop.wait(ADOPT_SECONDS)
        for thread in self._threads.values():
            thread.join()

    def adopt(self) -> None:
        for page in self._lambda.get_paginator("list_event_source_mappings").paginate():
            for mapping in page["EventSourceMappings"]:
                if ":kinesis:" in mapping.get("EventSourceArn", ""):
                    self._adopt_mapping(mapping)

    def _adopt_mapping(self, mapping: Any) -> None:  # noqa: ANN401 - a shape of AWS
        if mapping["State"] != "Disabled":
            self._lambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        stream = self._kinesis.describe_stream(StreamARN=mapping["EventSourceArn"])[
            "StreamDescription"
        ]
        # A stream made anew counts its records anew.
        created = int(stream["StreamCreationTimestamp"].timestamp())
        function = mapping["FunctionArn"].rsplit(":", 1)[1]
        for shard in stream["Shards"]:
            checkpoint = self._checkpoints / f"{function}-{created}-{shard['ShardId']}"
            thread = self._threads.get(checkpoint)
            if thread is None or not thread.is_alive():
                poller = ShardPoller(
                    mapping, shard["ShardId"], checkpoint=checkpoint, stop=self._stop
                )
                self._threads[checkpoint] = threading.Thread(
                    target=poller.run, name=checkpoint.name
                )
                self._threads[checkpoint].start()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(threadName)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    checkpoints = Path(sys.argv[1])
    checkpoints.mkdir(parents=True, exist_ok=True)
    (checkpoints / ADOPTED).unlink(missing_ok=True)
    Poller(checkpoints, stop=stop).run()


if __name__ == "__main__":
    main()
