"""A remedy of the local cloud: Kinesis publishes the `AWS/Kinesis` metrics that it has on AWS.

`IncomingRecords` and `GetRecords.IteratorAgeMilliseconds` by stream, so that alarms, the dashboard
and the platform's sensors ask the same questions on both clouds. Heartbeats and canaries do not
count: they would hide that the shop is silent.
"""

import contextvars
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from ministack.services import cloudwatch, kinesis

NAMESPACE = "AWS/Kinesis"
PUBLISH_SECONDS = 5.0
HEARTBEAT_KEY = "heartbeat"

Handler = Callable[[dict[str, Any]], Any]


@dataclass
class Counts:
    """What a stream did since its metrics were published last, and under whose account."""

    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    incoming: int = 0
    age_ms: int | None = None


class StreamMetrics:
    """Counts in the request handlers, and publishes from a thread."""

    def __init__(self) -> None:
        self._counts: dict[str, Counts] = {}
        self._lock = threading.Lock()

    def _of(self, name: str) -> Counts:
        return self._counts.setdefault(name, Counts())

    def counting_puts(self, put: Handler) -> Handler:
        @wraps(put)
        def counted(data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
            answer = put(data)
            records = data.get("Records", [data])
            name, stream = kinesis._resolve_stream(data)
            if stream and answer[0] == 200:  # noqa: PLR2004 - HTTP's own word for well
                with self._lock:
                    self._of(name).incoming += sum(
                        record.get("PartitionKey") != HEARTBEAT_KEY for record in records
                    )
            return answer

        return counted

    def measuring_gets(self, get: Handler) -> Handler:
        @wraps(get)
        def measured(data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
            state = kinesis._shard_iterators.get(data.get("ShardIterator"))
            answer = get(data)
            if state and (stream := kinesis._streams.get(state["stream"])):
                read = state["position"] + min(data.get("Limit", 10_000), 10_000)
                age = _age_ms(stream["shards"][state["shard_id"]]["records"], read)
                with self._lock:
                    counts = self._of(state["stream"])
                    counts.age_ms = max(age, counts.age_ms or 0)
            return answer

        return measured

    def publish(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, {}
        for name, found in counts.items():
            found.context.run(_record, name, found)

    def run(self) -> None:
        while True:
            time.sleep(PUBLISH_SECONDS)
            self.publish()


def _age_ms(records: list[dict[str, Any]], read: int) -> int:
    """How long the oldest record that was not read yet has waited; 0 where none has."""
    if read >= len(records):
        return 0
    return int((time.time() - records[read]["ApproximateArrivalTimestamp"]) * 1000)


def _record(name: str, counts: Counts) -> None:
    dimensions = {"StreamName": name}
    cloudwatch.record_metric(NAMESPACE, "IncomingRecords", counts.incoming, "Count", dimensions)
    if counts.age_ms is not None:
        cloudwatch.record_metric(
            NAMESPACE,
            "GetRecords.IteratorAgeMilliseconds",
            counts.age_ms,
            "Milliseconds",
            dimensions,
        )


def publish_stream_metrics() -> None:
    metrics = StreamMetrics()
    kinesis._put_record = metrics.counting_puts(kinesis._put_record)
    kinesis._put_records = metrics.counting_puts(kinesis._put_records)
    kinesis._get_records = metrics.measuring_gets(kinesis._get_records)
    threading.Thread(target=metrics.run, daemon=True).start()
