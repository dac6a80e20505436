"""Lines that could make a CSV parser lose its place: found here, and overwritten by dashes.

A quote out of its place, a lone carriage return, a NUL byte, bytes that are not UTF-8. Dashes of
the same length keep line numbers, and are ragged rows to the parser.
"""

from collections.abc import Iterator

import numpy as np

from ecom_platform.lake.line_blocks import Bytes, LineBlock, Places, line_blocks

MARK = ord("-")
QUOTE, COMMA = ord('"'), ord(",")
UNBALANCED, MALFORMED, BAD_ENCODING = "unbalanced_quote", "malformed_row", "invalid_encoding"


def hostile_lines(view: Bytes) -> Iterator[tuple[int, str, bytes]]:
    """Number, reason and bytes of each such line; the view is changed as they are drawn.

    The header is left alone: its reader judges it as a whole.
    """
    for block in line_blocks(view):
        for place, reason in sorted(_hostile_places(block).items()):
            number = block.first_line + place
            if number == 1:
                continue
            text = block.line(place)
            block.data[block.starts[place] : block.ends[place]] = MARK
            yield number, reason or _quote_reason(text), text


def _hostile_places(block: LineBlock) -> dict[int, str]:
    """Line of the block → reason; an empty one where quotes are to blame."""
    places: dict[int, str] = {}
    broken = np.flatnonzero((block.data == ord("\r")) | (block.data == 0))
    for place in np.flatnonzero(block.counts(broken)).tolist():
        places[place] = MALFORMED
    for place in _badly_quoted(block):
        places.setdefault(place, "")
    for place in _badly_encoded(block):
        places.setdefault(place, BAD_ENCODING)
    return places


def _badly_quoted(block: LineBlock) -> list[int]:
    """Lines whose quotes do not open at the start of a field and close at its end.

    Counted from the start of its line, an even quote opens and an odd one closes; inside of a field
    a doubled quote closes it and opens it again.
    """
    quotes = np.flatnonzero(block.data == QUOTE)
    if not len(quotes):
        return []
    counts = block.counts(quotes)
    lines = np.repeat(np.arange(len(block.ends)), counts)
    order = np.arange(len(quotes)) - np.repeat(np.cumsum(counts) - counts, counts)
    opens = order % 2 == 0
    is_wrong = np.where(
        opens,
        ~_is_field_edge(block, quotes - 1, quotes == block.starts[lines]),
        ~_is_field_edge(block, quotes + 1, quotes + 1 == block.ends[lines]),
    )
    wrong = np.unique(lines[is_wrong])
    odd = np.flatnonzero(counts % 2)
    places: list[int] = np.union1d(wrong, odd).tolist()
    return places


def _is_field_edge(block: LineBlock, places: Places, at_edge: Bytes) -> Bytes:
    """Whether a comma, the other half of a doubled quote, or the line's edge stands there."""
    neighbours = block.data[np.clip(places, 0, len(block.data) - 1)]
    edges: Bytes = at_edge | (neighbours == COMMA) | (neighbours == QUOTE)
    return edges


def _badly_encoded(block: LineBlock) -> list[int]:
    data = block.data.tobytes()
    if data.isascii():
        return []
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        high = np.flatnonzero(block.data >= 128)  # noqa: PLR2004 - bytes that are not ASCII
        places = np.flatnonzero(block.counts(high)).tolist()
        return [place for place in places if not _is_utf8(block.line(place))]
    return []


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _quote_reason(text: bytes) -> str:
    """A quote that is never closed, or one that stands in the midst of a field."""
    is_open, is_start, place = False, True, 0
    while place < len(text):
        char = text[place]
        if is_open:
            if char == QUOTE and text[place + 1 : place + 2] == b'"':
                place += 1
            elif char == QUOTE:
                is_open = False
        elif char == QUOTE and is_start:
            is_open = True
        is_start = char == COMMA and not is_open
        place += 1
    return UNBALANCED if is_open or text.count(b'"') % 2 else MALFORMED
