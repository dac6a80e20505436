"""Playing records against the clock: each when it is due, in batches, until the end or a signal.

What does not belong here: what the records are (`traffic`), and how a batch is stored
(`resources.event_stream`).
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol, TextIO

from ecom_platform.simulator.event_stream import fits
from ecom_platform.simulator.replay import Record, delayed

TICK_MS = 100
"""Records that are due within one tick go together: no call for each single record."""

TERMINAL_SECONDS, LOG_SECONDS = 0.5, 10.0


class Sink(Protocol):
    """Where records go."""

    def put(self, batch: Sequence[Record], stored: Callable[[Sequence[Record]], None]) -> int: ...


@dataclass(frozen=True)
class LineSink:
    """Writes the data of records as lines, at once."""

    path: Path

    def put(self, batch: Sequence[Record], stored: Callable[[Sequence[Record]], None]) -> int:
        with self.path.open("ab") as file:
            file.writelines(record.data + b"\n" for record in batch)
        stored(batch)
        return 0


@dataclass
class Progress:
    """A line that tells how it goes: sent, rate, lag behind what was due."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    sent_count: int = 0
    sent_again_count: int = 0
    longest_lag: float = 0.0
    started: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    def tell(self, lag_seconds: float) -> None:
        """Write the line, if the last one is old enough."""
        now = time.monotonic()
        is_terminal = self.out.isatty()
        if now - self.told < (TERMINAL_SECONDS if is_terminal else LOG_SECONDS):
            return
        self.told = now
        line = self.line(lag_seconds)
        self.out.write("\r" + line if is_terminal else line + "\n")
        self.out.flush()

    def line(self, lag_seconds: float) -> str:
        seconds = max(time.monotonic() - self.started, 1e-9)
        return (
            f"sent {self.sent_count:,}  {self.sent_count / seconds:,.0f}/s"
            f"  lag {lag_seconds:.1f} s  sent again {self.sent_again_count:,}"
        )


@dataclass(frozen=True, kw_only=True)
class Player:
    """Plays records into a sink. Without `is_paced` they go as fast as the sink takes them.

    With `is_live` an event happens when it is sent: where the machine is so busy that sending falls
    behind, time on the wire stands still meanwhile. Without, it happened when it was due, and may
    come late.

    `stop` ends the play between two batches: what was handed over is stored and counted, the rest
    is not sent.
    """

    sink: Sink
    stop: threading.Event
    progress: Progress
    noted: Callable[[Sequence[Record]], None]
    is_paced: bool = True
    is_live: bool = False

    def play(self, records: Iterable[Record]) -> None:
        """Play to the end, or until `stop` is set."""
        started = time.monotonic()
        for due_ms, planned in batches(records):
            due = started + due_ms / 1000
            batch = planned
            if self.is_paced:
                self.stop.wait(max(0.0, due - time.monotonic()))
            if self.stop.is_set():
                return
            behind_ms = round(1000 * (time.monotonic() - due))
            if self.is_live and behind_ms > TICK_MS:
                batch = [delayed(record, behind_ms) for record in planned]
                self.progress.longest_lag = max(self.progress.longest_lag, behind_ms / 1000)
            self.progress.sent_again_count += self.sink.put(batch, self._stored)
            self.progress.tell(max(0.0, time.monotonic() - due) if self.is_paced else 0.0)

    def _stored(self, records: Sequence[Record]) -> None:
        self.progress.sent_count += len(records)
        self.noted(records)


def batches(records: Iterable[Record]) -> Iterator[tuple[int, list[Record]]]:
    """Records of one tick in batches within the limits, with the milliseconds at which they are
    due: the end of the tick, so that none is sent before its time.
    """
    batch: list[Record] = []
    size, tick = 0, 0
    for record in records:
        its_tick = -(-record.send_ms // TICK_MS)
        if batch and (its_tick != tick or not fits(count=len(batch), size=size, record=record)):
            yield tick * TICK_MS, batch
            batch, size = [], 0
        tick = its_tick
        batch.append(record)
        size += record.size
    if batch:
        yield tick * TICK_MS, batch


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; a second one ends the program at once."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def on_signal(number: int, _: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.default_int_handler)

    for number in numbers:
        signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
