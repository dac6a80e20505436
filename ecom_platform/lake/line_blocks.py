"""A file in blocks of whole lines, as arrays of bytes, so that all lines are counted at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLOCK_BYTES = 1 << 24
LINE_FEED = ord("\n")

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LineBlock:
    """Whole lines that follow each other.

    Attributes:
        first_line: number of the first of them.
        data: their bytes; a view, so that a change is a change of the file.
        starts, ends: of each line in `data`, without the line feed.

    """

    first_line: int
    data: Bytes
    starts: Places
    ends: Places

    def line(self, place: int) -> bytes:
        return self.data[self.starts[place] : self.ends[place]].tobytes()

    def counts(self, hits: Places) -> Places:
        """How many of some places of `data`, in order, each line has."""
        counts: Places = np.searchsorted(hits, self.ends) - np.searchsorted(hits, self.starts)
        return counts


def line_blocks(view: Bytes) -> Iterator[LineBlock]:
    """All lines of a file; a line that is longer than a block makes a block of its own size."""
    offset, first_line = 0, 1
    while offset < len(view):
        size = BLOCK_BYTES
        data = view[offset : offset + size]
        feeds = np.flatnonzero(data == LINE_FEED)
        while not len(feeds) and offset + size < len(view):
            size *= 2
            data = view[offset : offset + size]
            feeds = np.flatnonzero(data == LINE_FEED)
        is_last = offset + size >= len(view)
        ends = feeds
        if is_last and (not len(feeds) or feeds[-1] != len(data) - 1):
            ends = np.append(feeds, len(data))
        starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
        length = min(int(ends[-1]) + 1, len(data))
        yield LineBlock(first_line, data[:length], starts, ends)
        first_line += len(ends)
        offset += length
