"""The one local copy of a raw file: unpacked, line ends made equal, lines counted.

A line is a row: the count of lines made here is what the parser's rows are held against. Lines that
could make a CSV parser lose its place are set aside (`hostile_lines`).

What does not belong here: columns and what is in them (`event_csv`, `file_rows`).
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ecom_platform.lake.file_forms import GZIP_MAGIC
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.hostile_lines import MARK, UNBALANCED, hostile_lines
from ecom_platform.lake.limits import LIMITS, Limits
from ecom_platform.lake.line_blocks import BLOCK_BYTES, Bytes, line_blocks
from ecom_platform.lake.quoted_breaks import broken_spans

PART_BYTES = 32 << 20
"""A part of a file that one thread reads where lines must be numbered."""
_LINE_ENDS = re.compile(rb"\r+\n")
_WHOLE_GZIP = zlib.MAX_WBITS | 16


@dataclass(frozen=True)
class AsideLine:
    """A line that was taken from the parser: why, and its bytes."""

    reason: str
    text: bytes


@dataclass
class Spool:
    """A local copy and what was counted while it was made.

    Attributes:
        path: the copy; lines end in a line feed.
        line_count: lines, the header and blank lines included.
        has_quotes: whether any line that is left holds a quote.
        set_aside: line number → a line taken from the parser, overwritten by dashes in the copy.

    """

    path: Path
    line_count: int = 0
    has_quotes: bool = False
    set_aside: dict[int, AsideLine] = field(default_factory=dict)

    @cached_property
    def blank_lines(self) -> list[int]:
        """Numbers of the lines without a character; asked for only where the sums need it."""
        blanks = [
            block.first_line + np.flatnonzero(block.starts == block.ends)
            for block in line_blocks(np.memmap(self.path, dtype=np.uint8, mode="r"))
        ]
        numbers: list[int] = np.concatenate(blanks).tolist()
        return numbers

    def row_count(self, parsed_row_count: int) -> int:
        """Rows of the file: lines but for the header and blank ones.

        A parser that accounts for every line after the header leaves no room for a blank one, so
        that only a smaller count is worth a second look at the file.
        """
        rows = self.line_count - 1
        if parsed_row_count == rows:
            return rows
        return rows - len([line for line in self.blank_lines if line > 1])

    def parts(self, folder: Path) -> Iterator[tuple[Path, int]]:
        """The copy in files of whole lines, and the number of each one's first line."""
        view = np.memmap(self.path, dtype=np.uint8, mode="r")
        start, first_line, offset, lines = 0, 1, 0, 0
        for block in line_blocks(view):
            offset += len(block.data)
            lines += len(block.ends)
            if offset - start >= PART_BYTES or offset >= len(view):
                path = folder / f"part-{first_line}.csv"
                path.write_bytes(view[start:offset].tobytes())
                yield path, first_line
                start, first_line = offset, 1 + lines


def open_spool(path: Path, limits: Limits = LIMITS) -> Spool:
    """Make a downloaded raw file ready for the parser, in place, and learn what it must know.

    Raises:
        FileRefusedError: the file is empty, too large, or not the gzip file that it begins as.

    """
    with path.open("rb") as file:
        start = file.read(len(GZIP_MAGIC))
    if start == GZIP_MAGIC:
        _rewrite(path, _unpacked(path, limits))
    if path.stat().st_size == 0:
        raise FileRefusedError("empty_file", "the file holds no byte")
    spool, needs_look = _counted(path, limits)
    if needs_look.carriage_returns:
        _rewrite(path, _with_equal_line_ends(path))
    if spool.has_quotes or needs_look.is_hostile:
        _set_aside(spool, limits)
    return spool


@dataclass
class _Look:
    """What bytes were met that ask for another look at the lines."""

    carriage_returns: bool = False
    nulls: bool = False
    bad_encoding: bool = False

    @property
    def is_hostile(self) -> bool:
        return self.carriage_returns or self.nulls or self.bad_encoding


def _counted(path: Path, limits: Limits) -> tuple[Spool, _Look]:
    """One pass over the bytes."""
    spool, look = Spool(path=path), _Look()
    line_length, last = 0, b""
    for chunk in _chunks(path):
        line_length = _check_line_lengths(chunk, line_length, limits)
        spool.line_count += chunk.count(b"\n")
        spool.has_quotes = spool.has_quotes or b'"' in chunk
        look.carriage_returns = look.carriage_returns or b"\r" in chunk
        look.nulls = look.nulls or b"\0" in chunk
        # Cheap: a chunk of plain text is told at once, and any other is looked at line by line.
        look.bad_encoding = look.bad_encoding or not chunk.isascii()
        last = chunk[-1:]
    spool.line_count += last not in (b"", b"\n")
    return spool, look


def _check_line_lengths(chunk: bytes, carried: int, limits: Limits) -> int:
    """How many bytes of its last line a chunk holds; jumps on by the longest there may be."""
    position = -carried
    while position + limits.line_bytes < len(chunk):
        end = chunk.rfind(b"\n", max(position, 0), position + limits.line_bytes + 1)
        if end < 0:
            raise FileRefusedError(
                "too_large", f"a line is longer than {limits.line_bytes:,} bytes"
            )
        position = end + 1
    last = chunk.rfind(b"\n")
    return carried + len(chunk) if last < 0 else len(chunk) - last - 1


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(BLOCK_BYTES):
            yield chunk


def _unpacked(path: Path, limits: Limits) -> Iterator[bytes]:
    """The content of all members of a gzip file, no more of it at a time than a block."""
    packed_bytes = path.stat().st_size
    count = 0
    for piece in _pieces(path):
        count += len(piece)
        if count > limits.expanded_bytes:
            raise FileRefusedError(
                "too_large", f"unpacked more than {limits.expanded_bytes:,} bytes"
            )
        if count > max(limits.expansion_from_bytes, limits.expansion * packed_bytes):
            raise FileRefusedError(
                "too_large", f"unpacks to more than {limits.expansion} times its size: a gzip bomb"
            )
        yield piece


def _pieces(path: Path) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_WHOLE_GZIP)
    try:
        for chunk in _chunks(path):
            rest = chunk
            while rest:
                if unpacker.eof:
                    # Another member, or what is no gzip at all.
                    unpacker = zlib.decompressobj(_WHOLE_GZIP)
                if piece := unpacker.decompress(rest, BLOCK_BYTES):
                    yield piece
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        while piece := unpacker.decompress(unpacker.unconsumed_tail, BLOCK_BYTES):
            yield piece
    except zlib.error as error:
        raise FileRefusedError("not_readable_gzip", str(error)) from error
    if not unpacker.eof:
        raise FileRefusedError("not_readable_gzip", "the file ends in the midst of a member")


def _with_equal_line_ends(path: Path) -> Iterator[bytes]:
    """CR LF, and CR CR LF of text that was converted twice, become LF; no end is cut in two."""
    carry = b""
    for chunk in _chunks(path):
        piece = carry + chunk
        whole = piece.rstrip(b"\r")
        carry = piece[len(whole) :]
        yield _LINE_ENDS.sub(b"\n", whole)
    yield carry


def _rewrite(path: Path, chunks: Iterator[bytes]) -> None:
    rewritten = path.with_suffix(".rewritten")
    try:
        with rewritten.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        rewritten.replace(path)
    finally:
        rewritten.unlink(missing_ok=True)


def _set_aside(spool: Spool, limits: Limits) -> None:
    """Take lines that would confuse the parser from it; the copy is mended in place."""
    view = np.memmap(spool.path, dtype=np.uint8, mode="r+")
    for number, reason, text in hostile_lines(view):
        spool.set_aside[number] = AsideLine(reason, text)
        if len(spool.set_aside) > limits.broken_lines:
            raise FileRefusedError(
                "too_many_broken_lines", f"more than {limits.broken_lines:,}, the last is {number}"
            )
    odd = {n: a.text for n, a in spool.set_aside.items() if a.reason == UNBALANCED}
    if spans := list(broken_spans(odd)):
        _set_spans_aside(spool, view, spans)
    view.flush()


def _set_spans_aside(spool: Spool, view: Bytes, spans: list[range]) -> None:
    """Take the lines between two quotes of one field from the parser too."""
    for block in line_blocks(view):
        for number in (n for span in spans for n in span):
            place = number - block.first_line
            if 0 <= place < len(block.ends) and number not in spool.set_aside:
                spool.set_aside[number] = AsideLine(UNBALANCED, block.line(place))
                block.data[block.starts[place] : block.ends[place]] = MARK


def read_lines(spool: Spool, wanted: list[int]) -> dict[int, bytes]:
    """The bytes of some lines, by number; what was set aside comes back as it was."""
    numbers = np.array(sorted(wanted), dtype=np.int64)
    texts: dict[int, bytes] = {}
    for block in line_blocks(np.memmap(spool.path, dtype=np.uint8, mode="r")):
        last = block.first_line + len(block.ends)
        for number in numbers[(numbers >= block.first_line) & (numbers < last)].tolist():
            texts[number] = block.line(number - block.first_line)
    return texts | {n: spool.set_aside[n].text for n in wanted if n in spool.set_aside}
