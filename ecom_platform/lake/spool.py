"""The one local copy of a raw file: unpacked, line ends made equal, lines counted.

A line is a row: the count of lines made here is what the parser's rows are held against. Lines that
could make a CSV parser lose its place (an unbalanced quote, a lone carriage return, a NUL byte) are
set aside and overwritten by dashes of the same length, so that line numbers stay.

What does not belong here: columns and types (`event_csv`, `staging`).
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecom_platform.tables.errors import FileRefusedError

CHUNK_BYTES = 1 << 24
GZIP_MAGIC = b"\x1f\x8b"
MARK = ord("-")


@dataclass
class Spool:
    """A local copy and what was counted while it was made.

    Attributes:
        path: the copy; lines end in a line feed.
        line_count: lines, the header and blank lines included.
        has_quotes: whether any line that is left holds a quote.
        set_aside: line number → (reason, bytes of the line) of lines taken from the parser.

    """

    path: Path
    line_count: int = 0
    has_quotes: bool = False
    set_aside: dict[int, tuple[str, bytes]] = field(default_factory=dict)

    @cached_property
    def blank_lines(self) -> list[int]:
        """Numbers of the lines without a character; asked for only where the sums need it."""
        view = np.memmap(self.path, dtype=np.uint8, mode="r")
        blanks = [
            first_line + np.flatnonzero(starts == ends)
            for first_line, starts, ends, _ in _line_blocks(view)
        ]
        found: list[int] = np.concatenate(blanks).tolist()
        return found

    def row_count(self, parsed_row_count: int) -> int:
        """Rows of the file: lines but for the header and blank ones.

        A parser that accounts for every line after the header leaves no room for a blank one, so
        that only a smaller count is worth a second look at the file.
        """
        rows = self.line_count - 1
        if parsed_row_count == rows:
            return rows
        return rows - len([line for line in self.blank_lines if line > 1])


def open_spool(path: Path) -> Spool:
    """Make a downloaded raw file ready for the parser, in place, and learn what it must know.

    Raises:
        FileRefusedError: the file is empty, or not the gzip file that it begins as.

    """
    if path.stat().st_size == 0:
        raise FileRefusedError("empty_file", "the file holds no byte")
    with path.open("rb") as file:
        is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    if is_gzip:
        _rewrite(path, _unpacked(path))
    spool = Spool(path=path)
    has_carriage_returns = has_nulls = False
    last = b""
    for chunk in _chunks(path):
        spool.line_count += chunk.count(b"\n")
        spool.has_quotes = spool.has_quotes or b'"' in chunk
        has_carriage_returns = has_carriage_returns or b"\r" in chunk
        has_nulls = has_nulls or b"\0" in chunk
        last = chunk[-1:]
    spool.line_count += last not in (b"", b"\n")
    if has_carriage_returns:
        _rewrite(path, _with_equal_line_ends(path))
    if spool.has_quotes or has_carriage_returns or has_nulls:
        _set_hostile_lines_aside(spool)
    return spool


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _unpacked(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileRefusedError("not_readable_gzip", str(error)) from error


def _with_equal_line_ends(path: Path) -> Iterator[bytes]:
    """CRLF becomes LF; a chunk is never cut between the two."""
    carry = b""
    for chunk in _chunks(path):
        piece = carry + chunk
        carry = b"\r" if piece.endswith(b"\r") else b""
        yield piece[: len(piece) - len(carry)].replace(b"\r\n", b"\n")
    yield carry


def _rewrite(path: Path, chunks: Iterator[bytes]) -> None:
    rewritten = path.with_suffix(".rewritten")
    with rewritten.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
    rewritten.replace(path)


def _set_hostile_lines_aside(spool: Spool) -> None:
    """Take lines that would confuse the parser from it; the copy is mended in place."""
    view = np.memmap(spool.path, dtype=np.uint8, mode="r+")
    for first_line, starts, ends, block in _line_blocks(view):
        quotes = _per_line(block == ord('"'), starts, ends)
        odd = np.flatnonzero(quotes % 2)
        broken = np.flatnonzero(
            _per_line((block == ord("\r")) | (block == ord("\0")), starts, ends)
        )
        for reason, hits in (("unbalanced_quote", odd), ("malformed_row", broken)):
            for hit in hits.tolist():
                line = first_line + hit
                if line == 1:
                    continue  # the header is judged as a whole by its reader
                text = block[starts[hit] : ends[hit]]
                spool.set_aside.setdefault(line, (reason, text.tobytes()))
                text[:] = MARK
    view.flush()


_Positions = npt.NDArray[np.int64]


def _line_blocks(
    view: npt.NDArray[np.uint8],
) -> Iterator[tuple[int, _Positions, _Positions, npt.NDArray[np.uint8]]]:
    """Blocks of whole lines: number of the first line, starts, ends, and the bytes."""
    offset, first_line = 0, 1
    while offset < len(view):
        size = CHUNK_BYTES
        block = view[offset : offset + size]
        feeds = np.flatnonzero(block == ord("\n"))
        while not len(feeds) and offset + size < len(view):
            size *= 2
            block = view[offset : offset + size]
            feeds = np.flatnonzero(block == ord("\n"))
        is_last = offset + size >= len(view)
        ends = feeds
        if is_last and (not len(feeds) or feeds[-1] != len(block) - 1):
            ends = np.append(feeds, len(block))
        starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
        yield first_line, starts, ends, block
        first_line += len(ends)
        offset += int(ends[-1]) + 1


def _per_line(hits: npt.NDArray[np.bool_], starts: _Positions, ends: _Positions) -> _Positions:
    """How many of the marked bytes each line has."""
    places = np.flatnonzero(hits)
    counts: _Positions = np.searchsorted(places, ends) - np.searchsorted(places, starts)
    return counts


def read_lines(spool: Spool, wanted: list[int]) -> dict[int, bytes]:
    """The bytes of some lines, by number; what was set aside comes back as it was."""
    view = np.memmap(spool.path, dtype=np.uint8, mode="r")
    numbers = np.array(sorted(wanted), dtype=np.int64)
    found: dict[int, bytes] = {}
    for first_line, starts, ends, block in _line_blocks(view):
        here = numbers[(numbers >= first_line) & (numbers < first_line + len(ends))]
        for number in here.tolist():
            place = number - first_line
            found[number] = block[starts[place] : ends[place]].tobytes()
    return {**found, **{n: spool.set_aside[n][1] for n in wanted if n in spool.set_aside}}
