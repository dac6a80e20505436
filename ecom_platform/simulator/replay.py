"""A replay: rows moved to another time, at another pace, and made into records in sending order.

Sending them belongs to the simulator.
"""

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ecom_platform.simulator.wire import (
    NumberedRow,
    SourceRow,
    WireEvent,
    event_id,
    numbered,
    parse_wire_time,
    wire_bytes,
    wire_event,
    wire_time,
)
from ecom_platform.simulator.wire_dirt import WireDirt, broken_bytes

EVENT = "event"
DUPLICATE = "duplicate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record of the stream."""

    send_ms: int
    """Milliseconds after the start of the replay at which it is due."""
    data: bytes
    partition_key: str
    what: str
    """`event`, `duplicate`, or the defect of a broken record."""
    event_ms: int
    user_id: int

    @property
    def size(self) -> int:
        """Bytes that count against the limits of a batch."""
        return len(self.data) + len(self.partition_key.encode())


def delayed(record: Record, later_ms: int) -> Record:
    """The same event, happening later. What is no readable event stays as it is."""
    try:
        event = json.loads(record.data)
        event["event_time"] = wire_time(parse_wire_time(event["event_time"]) + later_ms)
    except (ValueError, KeyError, TypeError):
        return record
    return replace(record, data=wire_bytes(event), event_ms=record.event_ms + later_ms)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How rows are played.

    Attributes:
        start_ms: event time of the first row on the wire.
        replay_id: goes into every event id, so that two replays of one file are different events.
        origin_ms: time of the rows that becomes `start_ms`; the first row's own if it is None.
        speed: time of the rows over time on the wire; pauses of every user shrink with it.
        rate: events a second, instead of the rows' own times.
        key_salt: over how many partition keys a category's users are spread.
        dirt: what goes wrong on the way.

    """

    start_ms: int
    replay_id: str
    origin_ms: int | None = None
    speed: float = 1.0
    rate: float | None = None
    key_salt: int = 1
    dirt: WireDirt = field(default_factory=WireDirt)

    def records(self, rows: Iterable[SourceRow]) -> Iterator[Record]:
        """The records in the order in which they are due.

        A row that stands behind its time, as in a file of late rows, is due at once.
        """
        waiting: list[tuple[int, int, Record]] = []
        made = 0
        for now_ms, records in self._due(rows):
            while waiting and waiting[0][0] < now_ms:
                yield heapq.heappop(waiting)[2]
            for record in records:
                heapq.heappush(waiting, (record.send_ms, made, record))
                made += 1
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _due(self, rows: Iterable[SourceRow]) -> Iterator[tuple[int, list[Record]]]:
        """Each row's records, with the time since the start that the replay has reached."""
        origin_ms, now_ms = self.origin_ms, 0
        for number, row in enumerate(numbered(rows)):
            if origin_ms is None:
                origin_ms = row.row.time_ms
            passed = self._passed_ms(row.row.time_ms - origin_ms, number)
            now_ms = max(now_ms, passed)
            yield now_ms, self._records_of(row, passed_ms=passed, now_ms=now_ms)

    def _passed_ms(self, time_ms: int, number: int) -> int:
        return int(number * 1000 / self.rate) if self.rate else int(time_ms / self.speed)

    def _records_of(self, row: NumberedRow, *, passed_ms: int, now_ms: int) -> list[Record]:
        event_ms = self.start_ms + passed_ms
        event = wire_event(row, time_ms=event_ms, replay_id=self.replay_id)
        return [
            Record(
                send_ms=now_ms + later_ms,
                data=data,
                partition_key=self._key(row.row),
                what=what,
                event_ms=event_ms,
                user_id=row.row.user_id,
            )
            for later_ms, what, data in self._soiled(row, event)
        ]

    def _soiled(self, row: NumberedRow, event: WireEvent) -> Iterator[tuple[int, str, bytes]]:
        """How much later than due, what, and the data: the event, and what dirt puts beside it.

        Dirt goes by the row, not by the replay: another start soils the same rows.
        """
        data = wire_bytes(event)
        if self.dirt.is_none:
            yield 0, EVENT, data
            return
        row_id = event_id(row, replay_id="")
        later_ms = self.dirt.delay_ms(row_id)
        yield later_ms, EVENT, data
        second_ms = self.dirt.second_delivery_ms(row_id)
        if second_ms is not None:
            yield later_ms + second_ms, DUPLICATE, data
        defect = self.dirt.defect(row_id)
        if defect is not None:
            other_id = event_id(row, replay_id=f"{self.replay_id} {defect}")
            yield later_ms, defect.value, broken_bytes({**event, "event_id": other_id}, defect)

    def _key(self, row: SourceRow) -> str:
        if self.key_salt == 1:
            return str(row.category_id)
        return f"{row.category_id}#{row.user_id % self.key_salt}"
