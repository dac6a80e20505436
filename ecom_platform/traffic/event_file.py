"""One event file while it is written: its rows, the broken ones among them, and the counts.

Which files there are belongs to `delivery`.
"""

import gzip
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import numpy as np

from ecom_platform.traffic.dirt import Defect, Dirt, broken_line
from ecom_platform.traffic.events import Events
from ecom_platform.traffic.manifest import DeliveredFile
from ecom_platform.traffic.randomness import Ints
from ecom_platform.traffic.rows import COLUMNS, RowText, csv_bytes
from ecom_platform.traffic.timeline import Day

_ROWS_AT_ONCE = 500_000
# Fast rather than small: the files are read back once and thrown away.
_GZIP_LEVEL = 1


class EventFile:
    """Counts what it writes; rows chosen to be late are kept back for the caller."""

    def __init__(self, sink: IO[bytes], *, text: RowText, dirt: Dirt, may_have_late: bool) -> None:
        self._sink = sink
        self._text = text
        self._dirt = dirt
        self._may_have_late = may_have_late
        self._rows_by_date: Counter[str] = Counter()
        self._defects: Counter[str] = Counter()
        self._late: list[Day] = []
        self._last_line = b""
        sink.write(",".join(COLUMNS).encode() + b"\n")

    def write(self, day: Day) -> None:
        """Appends a day's rows, with broken copies behind some of them."""
        soiling = self._dirt.soiling(day.events, may_be_late=self._may_have_late)
        self._late.append(Day(date=day.date, events=day.events.taken(soiling.is_late)))
        kept = np.flatnonzero(~soiling.is_late)
        broken = np.searchsorted(kept, soiling.broken_after)
        defects = np.array(soiling.defects, dtype=object)
        for at in range(0, len(kept), _ROWS_AT_ONCE):
            rows = kept[at : at + _ROWS_AT_ONCE]
            here = (broken >= at) & (broken < at + len(rows))
            self._write_batch(
                day.events.taken(rows), after=broken[here] - at, defects=defects[here].tolist()
            )
        if len(kept):
            self._rows_by_date[day.date.isoformat()] += len(kept)
        self._defects.update(defect.value for defect in soiling.defects)

    def cut_short(self) -> None:
        """Ends the file in the middle of a repeated last row, with no line end, as an interrupted
        export does.
        """
        if self._last_line:
            self._sink.write(broken_line(self._last_line.split(b","), Defect.TRUNCATED_ROW))
            self._defects[Defect.TRUNCATED_ROW.value] += 1

    @property
    def late(self) -> list[Day]:
        """Rows that belong to this file's days but were held back."""
        return self._late

    def delivered(self, name: str, *, has_late_rows: bool = False) -> DeliveredFile:
        """The counts so far."""
        return DeliveredFile(
            name=name,
            rows=self._rows_by_date.total() + self._defects.total(),
            rows_by_date=dict(self._rows_by_date),
            defects=dict(sorted(self._defects.items())),
            has_late_rows=has_late_rows,
        )

    def _write_batch(self, events: Events, *, after: Ints, defects: list[Defect]) -> None:
        text = memoryview(csv_bytes(self._text.table(events)))
        line_ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
        written = 0
        for row, defect in zip(after.tolist(), defects, strict=True):
            start, end = (int(line_ends[row - 1]) + 1 if row else 0), int(line_ends[row]) + 1
            self._sink.write(text[written:end])
            self._sink.write(broken_line(bytes(text[start : end - 1]).split(b","), defect) + b"\n")
            written = end
        self._sink.write(text[written:])
        self._last_line = bytes(text[-400:]).splitlines()[-1]


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only when it is whole; compressed if the name ends in
    `.gz`.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as raw:
        if path.suffix == ".gz":
            # Neither name nor time goes into the header: the same rows give the same bytes.
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as sink:
                yield cast("IO[bytes]", sink)
        else:
            yield raw
    part.replace(path)
