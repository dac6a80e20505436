"""A remedy of the local cloud: Firehose buffers what it archives, as on AWS.

The emulator calls the function, and writes an object, for each record while the sender waits: 500
records took seconds, and an hour of traffic became tens of thousands of objects. What is buffered
when the emulator is killed is lost with all else that it held in memory; a stop in order writes it.
"""

import contextvars
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from ministack import app
from ministack.services import firehose, lambda_svc

DEFAULT_SECONDS = 60
LAMBDA_BYTES = 1 << 20
"""What one call of the function takes, as `BufferSizeInMBs` of the processor says."""
PAUSE_SECONDS = 0.2
Payload = tuple[bytes, int]
"""A record, and when it was put, in milliseconds."""
_arrivals: contextvars.ContextVar[dict[str, int]] = contextvars.ContextVar("arrivals")


@dataclass
class Buffer:
    """What a delivery stream holds back for one destination, since the first record of it."""

    stream: dict[str, Any]
    destination: dict[str, Any]
    context: contextvars.Context
    payloads: list["Payload"] = field(default_factory=list)
    byte_count: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        hints = self.destination["config"].get("BufferingHints") or {}
        age = time.monotonic() - self.started
        size = int(hints.get("SizeInMBs", 64)) << 20
        return age >= int(hints.get("IntervalInSeconds", DEFAULT_SECONDS)) or (
            self.byte_count >= size
        )

    def add(self, payloads: list["Payload"]) -> None:
        self.payloads += payloads
        self.byte_count += sum(len(data) for data, _ in payloads)


class Archive:
    """The buffers of all delivery streams, and the thread that writes them."""

    def __init__(self) -> None:
        self._buffers: dict[str, Buffer] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def ingest(self, stream_arn: str, records: list[tuple[str, bytes]]) -> None:
        """Take what a put brought to a Kinesis stream, in place of the emulator's own hook."""
        arrived_ms = int(time.time() * 1000)
        payloads = [(raw, arrived_ms) for _, raw in records]
        for stream in list(firehose._streams.values()):
            source = stream.get("kinesis_source") or {}
            if payloads and source.get("KinesisStreamARN") == stream_arn:
                for place, destination in enumerate(stream["destinations"]):
                    self._add(f"{stream['arn']}#{place}", stream, destination, payloads)

    def _add(
        self,
        name: str,
        stream: dict[str, Any],
        destination: dict[str, Any],
        payloads: list[Payload],
    ) -> None:
        with self._lock:
            if name not in self._buffers:
                context = contextvars.copy_context()
                self._buffers[name] = Buffer(stream, destination, context)
            self._buffers[name].add(payloads)

    def write_due(self, *, is_over: bool = False) -> None:
        """Write the buffers that are due, or all of them."""
        with self._writing:
            with self._lock:
                names = [name for name, one in self._buffers.items() if one.is_due or is_over]
                due = [self._buffers.pop(name) for name in names]
            for buffer in due:
                buffer.context.run(_write, buffer)

    def run(self) -> None:
        while True:
            time.sleep(PAUSE_SECONDS)
            self.write_due()


def _write(buffer: Buffer) -> None:
    stream, destination = buffer.stream, buffer.destination
    lines: list[bytes] = []
    for payloads in _calls(buffer.payloads):
        named = [(firehose._record_id(), *payload) for payload in payloads]
        token = _arrivals.set({name: arrived_ms for name, _, arrived_ms in named})
        try:
            batch = [(name, raw) for name, raw, _ in named]
            processed = firehose._apply_lambda_processors(stream, destination, batch)
        finally:
            _arrivals.reset(token)
        # The processor that appends a delimiter is left out by the emulator; lines keep theirs.
        lines += [raw if raw.endswith(b"\n") else raw + b"\n" for _, raw in processed]
    if lines:
        firehose._deliver_to_s3(stream, destination, b"".join(lines))


def _calls(payloads: list[Payload]) -> Iterator[list[Payload]]:
    """The payloads in calls of the function."""
    call: list[Payload] = []
    size = 0
    for payload in payloads:
        if call and size + len(payload[0]) > LAMBDA_BYTES:
            yield call
            call, size = [], 0
        call.append(payload)
        size += len(payload[0])
    if call:
        yield call


def tell_times_of_arrival() -> None:
    """The emulator tells the function the time of the call; on AWS it is that of the put."""
    execute = lambda_svc._execute_function

    @wraps(execute)
    def with_arrivals(function: Any, event: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        arrivals = _arrivals.get({})
        if arrivals and isinstance(event, dict) and "deliveryStreamArn" in event:
            for record in event["records"]:
                record["approximateArrivalTimestamp"] = arrivals[record["recordId"]]
        return execute(function, event, *rest, **more)

    lambda_svc._execute_function = with_arrivals


def archive_in_buffers() -> None:
    tell_times_of_arrival()
    archive = Archive()
    firehose.ingest_from_kinesis_source = archive.ingest
    save_all = app.save_all

    def write_then_save(*arguments: Any) -> Any:  # noqa: ANN401 - the emulator's own
        # In a thread: the objects must be there before the state is saved, not some time later.
        writer = threading.Thread(target=archive.write_due, kwargs={"is_over": True})
        writer.start()
        writer.join()
        return save_all(*arguments)

    app.save_all = write_then_save
    threading.Thread(target=archive.run, daemon=True).start()
