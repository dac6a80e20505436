"""What a crawler, or an engine's guess, finds in raw files, held against what staging asks for.

A guess sees families of types: a time may be found as text, a price as a double. What it must not
find is a column that turned into something else. What does not belong here: who guesses
(`resources.schema_finder`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ecom_platform.contracts.lake import REQUIRED_SOURCE_COLUMNS, SOURCE_COLUMNS
from ecom_platform.contracts.table import Column

Family = Literal["time", "whole", "number", "text"]
Source = Literal["exports", "stream_events"]

FAMILIES: tuple[tuple[Family, str], ...] = (
    ("time", r"timestamp|datetime|date"),
    ("whole", r"bigint|hugeint|ubigint|integer|int\b|int\(|smallint|tinyint|long"),
    ("number", r"double|float|real|decimal|numeric"),
)
"""How Glue, DuckDB and Spark begin the names of their types."""

FOUND_AS: Mapping[str, frozenset[Family]] = {
    "timestamp": frozenset({"time", "text"}),
    "bigint": frozenset({"whole"}),
    "decimal(14,2)": frozenset({"number", "whole"}),
    "string": frozenset({"text"}),
}
"""Type of the contract → what a good column of it may be found as."""
ANYTHING: frozenset[Family] = frozenset({"time", "whole", "number", "text"})
EVENT_ID = Column("event_id", "string", "Id of a stream event.")
ARRIVED_AT = Column("arrived_at", "timestamp", "When the stream took it.")


@dataclass(frozen=True)
class FoundSchema:
    """What was found.

    Attributes:
        source: what it was found in.
        place: the table of a crawler, or the object that was looked at.
        columns: their types, as the finder calls them.

    """

    source: Source
    place: str
    columns: Mapping[str, str]


def family_of(kind: str) -> Family:
    """The family of a type, whoever names it."""
    for family, names in FAMILIES:
        if re.match(names, kind.strip().lower()):
            return family
    return "text"


def differences(found: FoundSchema) -> list[str]:
    """Where a schema is not what staging asks for, in words."""
    columns = {name.strip().lower(): kind for name, kind in found.columns.items()}
    of_stream = found.source == "stream_events"
    wanted = (*((EVENT_ID, ARRIVED_AT) if of_stream else ()), *SOURCE_COLUMNS)
    required = {*REQUIRED_SOURCE_COLUMNS, *([EVENT_ID.name] if of_stream else [])}
    told = []
    for column in wanted:
        kind = columns.get(column.name)
        if kind is None and column.name in required:
            told.append(f"{found.place}: {column.name} is missing")
        elif kind is not None and family_of(kind) not in _good(column, found.source):
            told.append(f"{found.place}: {column.name} is {kind}, wanted is {column.type}")
    return told


def _good(column: Column, source: Source) -> frozenset[Family]:
    # A brand or a session may be called by a number, or be nowhere; it is read as text.
    if column.type == "string" and (column.nullable or column == EVENT_ID):
        return ANYTHING
    good = FOUND_AS[column.type]
    # A record may say its numbers as text.
    return good | {"text"} if source == "stream_events" else good
