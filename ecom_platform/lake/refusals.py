"""The rows of a file that were refused: their lines, texts and reasons.

The file is read again for them, its parts by several threads and each part by one, so that rows can
be numbered. What does not belong here: which rows are good (`event_rules`).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa

from ecom_platform.contracts.lake import QUARANTINED_EVENTS
from ecom_platform.lake.event_csv import EventCsv
from ecom_platform.lake.spool import read_lines
from ecom_platform.tables.parquet import arrow_schema

READERS = 2


@dataclass(frozen=True)
class Refusal:
    """A refused row: its line (the header is line 1), the reason, and what is wrong."""

    line_number: int
    reason: str
    detail: str


@dataclass(frozen=True)
class Judging:
    """How the rows of a file are judged.

    Attributes:
        file: the file.
        odd: rows that were told apart on their own, with their lines.
        query: from a relation of rows to one that has a `verdict` too.

    """

    file: EventCsv
    odd: pa.Table
    query: Callable[[str], str]


def quarantine_of(
    connection: duckdb.DuckDBPyConnection, judging: Judging, *, is_clean: bool
) -> pa.Table:
    """The rows of `lake/quarantined_events` for one file; empty where the file is clean."""
    schema = arrow_schema(QUARANTINED_EVENTS.columns)
    if is_clean:
        return schema.empty_table()
    refusals = sorted(_refusals(connection, judging), key=lambda one: one.line_number)
    texts = read_lines(judging.file.spool, [refusal.line_number for refusal in refusals])
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


def _refusals(connection: duckdb.DuckDBPyConnection, judging: Judging) -> Iterator[Refusal]:
    spool = judging.file.spool
    odd_lines = set(judging.odd["line_number"].to_pylist())
    for number, line in spool.set_aside.items():
        if number not in odd_lines:
            yield Refusal(number, line.reason, "the line cannot be told apart into fields")
    rows = connection.execute(
        f"select line_number, verdict from ({judging.query('odd_rows')}) where verdict is not null"
    ).fetchall()
    yield from (_refusal(number, verdict) for number, verdict in rows)
    with (
        TemporaryDirectory(dir=spool.path.parent) as folder,
        ThreadPoolExecutor(READERS) as pool,
    ):
        parts = spool.parts(Path(folder))
        found = pool.map(lambda part: _part_refusals(connection.cursor(), judging, *part), parts)
        for refusals in found:
            yield from (one for one in refusals if one.line_number not in spool.set_aside)


def _refusal(line_number: int, verdict: list[str]) -> Refusal:
    reason, column, value = verdict
    return Refusal(line_number, reason, f"{column}: {value}")


def _part_refusals(
    connection: duckdb.DuckDBPyConnection, judging: Judging, path: Path, first_line: int
) -> list[Refusal]:
    """The refused rows of one part; those that were set aside are among them, as ragged rows."""
    has_header = first_line == 1
    rows = judging.file.relation(path, has_header=has_header)
    numbered = f"(select *, row_number() over () as row_number from {rows})"
    judged = connection.execute(
        f"select row_number, verdict from ({judging.query(numbered)}) where verdict is not null"
    ).fetchall()
    ragged = dict(
        connection.execute(
            "select line, first(error_message) from reject_errors group by line"
        ).fetchall()
    )
    connection.close()
    passed = {*ragged, *_blank_lines(path), *([1] if has_header else [])}
    lines = _line_numbers([number for number, _ in judged], passed)
    path.unlink()
    return [
        *(Refusal(first_line - 1 + n, "malformed_row", text) for n, text in ragged.items()),
        *(
            _refusal(first_line - 1 + line, verdict)
            for line, (_, verdict) in zip(lines, judged, strict=True)
        ),
    ]


def _blank_lines(path: Path) -> list[int]:
    data = np.fromfile(path, dtype=np.uint8)
    feeds = np.flatnonzero(data == ord("\n"))
    starts = np.concatenate((np.zeros(1, dtype=np.int64), feeds[:-1] + 1)) if len(feeds) else feeds
    blanks: list[int] = (1 + np.flatnonzero(starts == feeds)).tolist()
    return blanks


def _line_numbers(row_numbers: list[int], passed_over: set[int]) -> list[int]:
    """Lines of numbered rows: the parser passes over headers, blanks and ragged rows."""
    passed = np.array(sorted(passed_over), dtype=np.int64)
    rows = np.array(row_numbers, dtype=np.int64)
    before = np.searchsorted(passed - np.arange(len(passed)), rows, side="right")
    lines: list[int] = (rows + before).tolist()
    return lines
