"""Who asked to be forgotten, and how a row or a text is told that is about one of them.

A tombstone holds for what happened before a moment; whoever comes back later is a new visitor.
What does not belong here: where requests lie, and taking rows out (`pipeline.erasure`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from ecom_platform.tables.literals import literal

ERASED = "erased"
"""The reason of a row that is refused because of a tombstone. Nothing of its text is kept."""


@dataclass(frozen=True)
class Tombstone:
    """A user who is forgotten: all that happened before `until`, UTC."""

    user_id: int
    until: datetime


@dataclass(frozen=True)
class Tombstones:
    """Everybody who is forgotten; of one user the latest counts."""

    stones: tuple[Tombstone, ...] = ()

    @cached_property
    def until(self) -> Mapping[int, datetime]:
        """User → before when."""
        return {one.user_id: one.until for one in sorted(self.stones, key=lambda one: one.until)}

    @cached_property
    def _number(self) -> "re.Pattern[str]":
        numbers = "|".join(str(user) for user in sorted(self.until)) or "(?!)"
        # Padded, and with a fraction of zeros, it is the same number to a person.
        return re.compile(rf"(?<!\d)(?<!\d\.)0*(?:{numbers})(?:\.0*)?(?!\.?\d)")

    @cached_property
    def _number_in_bytes(self) -> "re.Pattern[bytes]":
        return re.compile(self._number.pattern.encode())

    def are_in(self, text: str | bytes) -> bool:
        """Whether a text has the number of one of them; it may mean something else by it."""
        found = (
            self._number.search(text)
            if isinstance(text, str)
            else self._number_in_bytes.search(text)
        )
        return found is not None

    def hold_for(self, user_id: int | None, moment: datetime | date | None) -> bool:
        """Whether something is to be forgotten; without a moment, whatever it is of the user."""
        until = self.until.get(user_id) if user_id is not None else None
        if until is None or moment is None:
            return until is not None
        return moment < (until if isinstance(moment, datetime) else until.date())

    def condition(self, time: str) -> str | None:
        """SQL over a text `user_id` and a time, true for rows to be forgotten; None without any."""
        by_moment: dict[datetime, list[str]] = {}
        for user, until in self.until.items():
            by_moment.setdefault(until, []).append(literal(str(user)))
        parts = [
            f"(user_id in ({', '.join(users)}) and coalesce({time} < timestamp '{until}', true))"
            for until, users in by_moment.items()
        ]
        return " or ".join(parts) or None

    def to_details(self) -> list[dict[str, Any]]:
        return [{"user_id": u, "until": at.isoformat()} for u, at in self.until.items()]

    @classmethod
    def from_details(cls, details: Iterable[Mapping[str, Any]]) -> "Tombstones":
        return cls(
            tuple(
                Tombstone(int(one["user_id"]), datetime.fromisoformat(one["until"]))
                for one in details
            )
        )


NOBODY = Tombstones()

TOLD_BY_NUMBER = {
    "malformed_row",
    "unbalanced_quote",
    "invalid_encoding",
    "not_one_json_object",
    "kpl_aggregated",
    "missing_or_bad_user_id",
}
"""Reasons of rows of which nobody can say whom they are about: there the number decides."""


def is_erased(reason: str, texts: Iterable[str], tombstones: Tombstones) -> bool:
    """Whether a refused row is about somebody who is forgotten."""
    return reason == ERASED or (
        reason in TOLD_BY_NUMBER and any(tombstones.are_in(text) for text in texts)
    )


def without_texts(quarantine: pa.Table, tombstones: Tombstones) -> pa.Table:
    """Refused rows with `reason`, `detail` and `line_text`; of those about somebody who is
    forgotten only the place stays.
    """
    if not tombstones.stones:
        return quarantine
    columns = {n: quarantine[n].to_pylist() for n in ("reason", "detail", "line_text")}
    for place, (reason, detail, text) in enumerate(zip(*columns.values(), strict=True)):
        if is_erased(reason, (detail, text), tombstones):
            for name, value in zip(columns, (ERASED, "", ""), strict=True):
                columns[name][place] = value
    for name, values in columns.items():
        place = quarantine.column_names.index(name)
        quarantine = quarantine.set_column(place, name, pa.array(values, pa.string()))
    return quarantine


def erased_lines(quarantine: pa.Table) -> Sequence[int]:
    """Numbers of the lines that are about somebody who is forgotten."""
    reasons, numbers = quarantine["reason"].to_pylist(), quarantine["line_number"].to_pylist()
    return [number for reason, number in zip(reasons, numbers, strict=True) if reason == ERASED]
