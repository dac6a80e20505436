"""The rows of a file that were refused: their lines, texts and reasons.

What does not belong here: the rule by which the good rows are taken, which `staging` holds. Both
must agree, and the conservation of rows fails where they do not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from ecom_platform.contracts.lake import QUARANTINED_EVENTS, SOURCE_COLUMNS
from ecom_platform.lake.event_csv import TIME_FORMAT, EventCsv
from ecom_platform.lake.event_rules import event_rules, literal, verdict
from ecom_platform.lake.spool import Spool, read_lines
from ecom_platform.tables.parquet import arrow_schema

STRUCTURAL_REASONS = {"INVALID ENCODING": "invalid_encoding"}
"""Reasons by DuckDB's error type; every other one is a `malformed_row`."""


@dataclass(frozen=True)
class Refusal:
    """A refused row: its line (the header is line 1), the reason, and what is wrong."""

    line_number: int
    reason: str
    detail: str


def find_refusals(
    connection: duckdb.DuckDBPyConnection,
    file: EventCsv,
    *,
    latest: datetime,
    are_expected: bool,
) -> pa.Table:
    """The rows of `lake/quarantined_events` for one file; empty where none are expected."""
    schema = arrow_schema(QUARANTINED_EVENTS.columns)
    if not are_expected:
        return schema.empty_table()
    refusals = sorted(_refusals(connection, file, latest), key=lambda found: found.line_number)
    texts = read_lines(file.spool, [refusal.line_number for refusal in refusals])
    rows = [
        {
            "line_number": refusal.line_number,
            "reason": refusal.reason,
            "detail": refusal.detail,
            "line_text": texts[refusal.line_number].decode("utf-8", "backslashreplace"),
        }
        for refusal in refusals
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def _refusals(
    connection: duckdb.DuckDBPyConnection, file: EventCsv, latest: datetime
) -> Iterable[Refusal]:
    _forget_rejects(connection)
    judged = connection.execute(_judging_select(file, latest)).fetchall()
    structural = connection.execute(
        "select line, first(error_type), first(error_message) from reject_errors group by line"
    ).fetchall()
    set_aside = file.spool.set_aside
    for line, (reason, _) in set_aside.items():
        yield Refusal(line, reason, "the line was set aside before parsing")
    for line, error_type, message in structural:
        if line not in set_aside:
            reason = STRUCTURAL_REASONS.get(error_type, "malformed_row")
            yield Refusal(line, reason, message)
    lines = _line_numbers([row[0] for row in judged], file.spool, {row[0] for row in structural})
    for line, (_, reason, detail) in zip(lines, judged, strict=True):
        yield Refusal(line, reason, detail)


def _forget_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")


def _line_numbers(row_numbers: list[int], spool: Spool, rejected: set[int]) -> list[int]:
    """Lines of the rows that the parser numbered: it passes over headers, blanks and rejects."""
    passed = np.array(sorted({1, *spool.blank_lines, *rejected}), dtype=np.int64)
    rows = np.array(row_numbers, dtype=np.int64)
    before = np.searchsorted(passed - np.arange(len(passed)), rows, side="right")
    lines: list[int] = (rows + before).tolist()
    return lines


def _judging_select(file: EventCsv, latest: datetime) -> str:
    """Every field as text; the first rule that a row breaks is its reason."""
    time = f"try_strptime(event_time, {literal(TIME_FORMAT)})"
    rules = event_rules(time=time, latest=f"timestamp '{latest}'", columns=file.columns)
    # A column that nothing asks for is not decoded, and its bad bytes would pass unseen.
    known = ", ".join(c.name for c in SOURCE_COLUMNS if c.name in file.columns)
    return f"""
        with numbered as (
            select row_number() over () as row_number, {known} from {file.relation(typed=False)}
        ),
        judged as (
            select row_number, {verdict(rules)} as verdict, length(concat({known})) as text_length
            from numbered
        )
        select row_number, verdict[1], verdict[2] from judged
        where verdict is not null or text_length < 0
    """
