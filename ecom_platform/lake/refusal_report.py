"""What was refused, in sentences for who delivered it: reason, count, example, what is wanted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from ecom_platform.lake.event_rules import WANTED
from ecom_platform.lake.shown_text import shown


@dataclass(frozen=True)
class RefusedRows:
    """The rows of one file, or hour, that were refused for one reason, and the first of them.

    Attributes:
        reason, row_count: why, and how many.
        line_number: the line of the first.
        example: its value that is wrong, or the line where the line as a whole is.

    """

    reason: str
    row_count: int
    line_number: int
    example: str

    def sentence(self) -> str:
        """`9 rows refused: bad_event_time, e.g. line 2 "12/01/2025"; wanted 2019-10-01 …`."""
        rows = "row" if self.row_count == 1 else "rows"
        return (
            f"{self.row_count:,} {rows} refused: {self.reason}, e.g. line {self.line_number}"
            f' "{shown(self.example)}"; wanted {WANTED[self.reason]}'
        )

    def to_details(self) -> dict[str, Any]:
        """The same in the details of a commit, JSON only."""
        return {**asdict(self), "example": shown(self.example)}

    @classmethod
    def from_details(cls, details: Iterable[Mapping[str, Any]]) -> tuple["RefusedRows", ...]:
        return tuple(cls(**entry) for entry in details)


WHOLE_LINES = {"malformed_row", "unbalanced_quote", "invalid_encoding", "not_one_json_object"}
"""Reasons that are of the line as a whole, so that the line is the example."""


def refused_rows(quarantine: pa.Table) -> tuple[RefusedRows, ...]:
    """The reasons of a quarantine, the most frequent first; its rows are in the order of lines."""
    by_reason: dict[str, list[int]] = {}
    for place, reason in enumerate(quarantine["reason"].to_pylist()):
        by_reason.setdefault(reason, []).append(place)
    return tuple(
        _refused(quarantine, reason, places)
        for reason, places in sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    )


def _refused(quarantine: pa.Table, reason: str, places: Sequence[int]) -> RefusedRows:
    first = quarantine.slice(places[0], 1).to_pylist()[0]
    value = first["detail"].partition(": ")[2]
    return RefusedRows(
        reason,
        len(places),
        first["line_number"],
        first["line_text"] if reason in WHOLE_LINES else value,
    )
