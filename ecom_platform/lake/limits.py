"""How much of a delivered file is taken on, so that no file can fill the disk or the memory."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is too much.

    Attributes:
        expanded_bytes: of an unpacked file. A month of a large shop is 9 GB.
        expansion: unpacked bytes a packed byte, once `expansion_from_bytes` are unpacked. Events
            pack to about a sixth; a thousandth is a bomb.
        line_bytes: of one line. An event has 150.
        broken_lines: lines that cannot be told apart into fields; they are kept in memory.

    """

    expanded_bytes: int = 64 << 30
    expansion: int = 200
    expansion_from_bytes: int = 16 << 20
    line_bytes: int = 1 << 20
    broken_lines: int = 500_000


LIMITS = Limits()
