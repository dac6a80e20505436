"""Where every row went: the ledgers of files, of hours and of days, and their one sum."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from ecom_platform.tables.errors import RowsNotConservedError

Source = Literal["export", "stream"]


def check_conserved(total: int, fates: Mapping[str, int]) -> None:
    """The rows that came are those that went somewhere, each to one place.

    Raises:
        RowsNotConservedError: they are not; the message has both sums.

    """
    if sum(fates.values()) != total:
        parts = " + ".join(f"{count} {fate}" for fate, count in fates.items())
        raise RowsNotConservedError(f"{total} rows came, but {parts} = {sum(fates.values())}")


@dataclass(frozen=True, kw_only=True)
class FileLedger:
    """Where the rows of a file went: a row of `lake/staged_files`. A refused file counts none."""

    object_key: str
    last_modified_at: datetime
    byte_count: int
    read_row_count: int = 0
    staged_row_count: int = 0
    quarantined_row_count: int = 0
    absent_columns: tuple[str, ...] = ()
    refusal: str | None = None

    def check_conservation(self) -> None:
        check_conserved(
            self.read_row_count,
            {"staged": self.staged_row_count, "quarantined": self.quarantined_row_count},
        )

    @property
    def row(self) -> dict[str, Any]:
        return {**asdict(self), "absent_columns": ", ".join(self.absent_columns)}


@dataclass(frozen=True, kw_only=True)
class HourLedger:
    """Where the lines of an hour of arrival went: a row of `lake/staged_stream_hours`."""

    object_count: int
    byte_count: int
    last_modified_at: datetime
    read_row_count: int
    staged_row_count: int
    repeated_row_count: int
    quarantined_row_count: int

    def check_conservation(self) -> None:
        check_conserved(
            self.read_row_count,
            {
                "staged": self.staged_row_count,
                "repeated": self.repeated_row_count,
                "quarantined": self.quarantined_row_count,
            },
        )

    @property
    def row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class DayLedger:
    """Where the staged rows of a day went: a row of `lake/event_days`."""

    source: Source
    staged_row_count: int
    kept_row_count: int
    redelivered_row_count: int
    retired_row_count: int
    waiting_row_count: int
    superseded_row_count: int
    file_count: int
    last_modified_at: datetime
    is_partial: bool

    def check_conservation(self) -> None:
        check_conserved(
            self.staged_row_count,
            {
                "kept": self.kept_row_count,
                "re-delivered": self.redelivered_row_count,
                "retired": self.retired_row_count,
                "waiting": self.waiting_row_count,
                "superseded": self.superseded_row_count,
            },
        )

    @property
    def row(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def details(self) -> dict[str, Any]:
        """The same in the details of a commit, JSON only."""
        return {**self.row, "last_modified_at": self.last_modified_at.isoformat()}
