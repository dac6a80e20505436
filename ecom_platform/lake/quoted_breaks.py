"""Line breaks inside quotes: the lines between are text of one field, and no rows of their own.

A record is one line here, so such a field makes broken rows. A line between that looks like an
event must not become one. What does not belong here: lines that are wrong alone (`hostile_lines`).
"""

from collections.abc import Iterator, Mapping

from ecom_platform.lake.hostile_lines import COMMA, QUOTE

LONGEST_BREAK = 100
"""Lines that one field may span; a stray quote must not take the rest of a file with it."""


def broken_spans(odd_lines: Mapping[int, bytes]) -> Iterator[range]:
    """The lines between two that open and close the same field.

    Args:
        odd_lines: number → text of the lines with a quote that has no partner in its line.

    """
    opened: int | None = None
    for number in sorted(odd_lines):
        if opened and number - opened <= LONGEST_BREAK and _closes(odd_lines[number]):
            yield range(opened + 1, number)
            opened = None
        else:
            opened = number if _opens(odd_lines[number]) else None


def _opens(text: bytes) -> bool:
    """Whether the last quote of a line begins a field."""
    place = text.rfind(b'"')
    return place == 0 or text[place - 1] == COMMA


def _closes(text: bytes) -> bool:
    """Whether the first quote of a line ends a field, and begins none."""
    place = text.find(b'"')
    after = text[place + 1 : place + 2]
    is_end = after in (b"", b",")
    return is_end and (place == 0 or text[place - 1] not in (COMMA, QUOTE))
