"""A large raw file in splits, each read by itself, as the whole would have been read.

A split is a file of its own: the header and the lines that start in a range of bytes. So the one
reader of files reads it, and there is no second parser. A file is read whole after all where that
could differ: it is packed or has no header, a split of it is refused, or quotes open before a cut
and close behind it. What does not belong here: who reads the splits and where from (`glue_jobs`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from ecom_platform.lake.file_forms import GZIP_MAGIC, LONGEST_HEADER, header_names
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.hostile_lines import UNBALANCED
from ecom_platform.lake.limits import LIMITS, Limits
from ecom_platform.lake.quoted_breaks import LONGEST_BREAK
from ecom_platform.lake.spool import Spool


@dataclass(frozen=True)
class Split:
    """The lines of a file that start in a range of bytes.

    Attributes:
        number: its place among the splits, from 0.
        start, end: the bytes; the last belongs to the next split.

    """

    number: int
    start: int
    end: int

    def reach(self, limits: Limits = LIMITS) -> tuple[int, int]:
        """The first and the last byte to fetch: the one before, and as far as a line may go."""
        return max(self.start - 1, 0), self.end + limits.line_bytes

    def own_lines(self, fetched: bytes) -> bytes:
        """The split's lines, of the bytes in its reach (fewer where the file ends)."""
        first, _ = self.reach()
        begin = fetched.find(b"\n") + 1 if self.start else 0
        if self.start and (not begin or begin > self.end - 1 - first):
            return b""
        stop = fetched.find(b"\n", self.end - 1 - first)
        return fetched[begin : stop + 1] if stop >= 0 else fetched[begin:]


def splits_of(byte_count: int, split_bytes: int) -> list[Split]:
    starts = range(0, byte_count, split_bytes)
    return [Split(n, at, min(at + split_bytes, byte_count)) for n, at in enumerate(starts)]


def split_header(head: bytes) -> bytes | None:
    """The header that every split of a file gets; none where the file is to be read whole.

    Args:
        head: the first `LONGEST_HEADER` bytes of the file.

    """
    line, feed, _ = head.partition(b"\n")
    if head.startswith(GZIP_MAGIC) or not feed:
        return None
    try:
        header_names(head[:LONGEST_HEADER])
    except FileRefusedError:
        return None
    return line + feed


@dataclass(frozen=True)
class SplitLines:
    """What must be known of the lines of a split to put it beside the others.

    Attributes:
        count: lines below the header, blank ones included.
        set_aside_count: lines that were taken from the parser.
        first_open, last_open: lines (the header is line 1) with a quote that has no partner.

    """

    count: int
    set_aside_count: int
    first_open: int | None
    last_open: int | None

    @classmethod
    def of(cls, spool: Spool) -> "SplitLines":
        opened = [n for n, line in spool.set_aside.items() if line.reason == UNBALANCED]
        return cls(
            count=spool.line_count - 1,
            set_aside_count=len(spool.set_aside),
            first_open=min(opened, default=None),
            last_open=max(opened, default=None),
        )


def lines_before(splits: Sequence[SplitLines]) -> list[int]:
    """Lines between the header and each split."""
    return list(accumulate((one.count for one in splits[:-1]), initial=0))


def needs_whole(splits: Sequence[SplitLines], limits: Limits = LIMITS) -> bool:
    """Whether splits, each good by itself, could say something else than the file as a whole."""
    if sum(one.set_aside_count for one in splits) > limits.broken_lines:
        return True
    opened: int | None = None
    for before, one in zip(lines_before(splits), splits, strict=True):
        if one.first_open is None or one.last_open is None:
            continue
        if opened is not None and before + one.first_open - opened <= LONGEST_BREAK:
            return True
        opened = before + one.last_open
    return False


def joined_quarantine(parts: Sequence[pa.Table], splits: Sequence[SplitLines]) -> pa.Table:
    """The refused rows of all splits, under their lines of the file."""
    tables = []
    for rows, before in zip(parts, lines_before(splits), strict=True):
        place = rows.schema.get_field_index("line_number")
        numbers = pc.add(rows["line_number"], before)
        tables.append(rows.set_column(place, rows.schema.field(place), numbers))
    return pa.concat_tables(tables)
