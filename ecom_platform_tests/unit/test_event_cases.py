"""One table of records: files and the archive take the same ones. Flink: `test_poison.py`."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from event_transformer.event_lines import to_line

from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_rows import stage_file
from ecom_platform.lake.hour_rows import line_chunks, stage_lines
from ecom_platform.lake.spool import open_spool
from ecom_platform.tables.parquet import WrittenPartition
from ecom_platform_tests.support.event_cases import CASES, fields_of, good_users, record
from ecom_platform_tests.support.places import HEADER

MOMENT = datetime(2026, 1, 2, 12, tzinfo=UTC)
ARRIVED = MOMENT + timedelta(seconds=2)
PUT_AT = datetime(2026, 1, 2, 13)  # noqa: DTZ001 - times of the lake are UTC without a zone


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def users(connection: duckdb.DuckDBPyConnection, parts: list[WrittenPartition]) -> set[int]:
    files = [str(path) for part in parts for path in part.files]
    rows = connection.execute(f"select user_id from read_parquet({files})").fetchall()
    assert len(rows) == len(set(rows))
    return {user for (user,) in rows}


def names(ids: set[int]) -> list[str]:
    return [CASES[user - 880_000_000].name for user in sorted(ids)]


def test_files_take_the_events_of_the_table(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns, text = HEADER.split(","), io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    places = [place for place, case in enumerate(CASES) if case.data is None]
    writer.writerows(fields_of(place, MOMENT) for place in places)
    path = tmp_path / "events.csv"
    path.write_text(text.getvalue())

    staged = stage_file(
        connection, open_spool(path), last_modified_at=PUT_AT, directory=tmp_path / "staged"
    )

    taken = users(connection, list(staged.days.values()))
    expected = good_users("file") & {880_000_000 + place for place in places}
    assert (names(taken - expected), names(expected - taken)) == ([], [])


def test_archive_takes_the_events_of_the_table(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    arrived = ARRIVED.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    archived = [to_line(record(place, MOMENT), arrived).line for place in range(len(CASES))]
    lines = [line.rstrip(b"\n") for line in archived if line]
    assert len(lines) == len(CASES)

    object_ = EventFile("raw/stream_events/x", "e", 1, PUT_AT)
    staged = stage_lines(connection, line_chunks([(object_, lines)]), tmp_path / "staged")

    taken = users(connection, list(staged.days.values()))
    assert (names(taken - good_users("archive")), names(good_users("archive") - taken)) == ([], [])
    assert staged.read_row_count == len(CASES)


@pytest.mark.parametrize(("seconds", "is_good"), [(60, True), (60.001, False)])
def test_time_up_to_a_minute_after_arrival_is_good(
    seconds: float,
    is_good: bool,  # noqa: FBT001 - one of two outcomes
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
) -> None:
    arrived = MOMENT + timedelta(milliseconds=123) - timedelta(seconds=seconds)
    text = arrived.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = to_line(record(0, MOMENT), text).line or b""
    object_ = EventFile("raw/stream_events/x", "e", 1, PUT_AT)
    staged = stage_lines(connection, line_chunks([(object_, [line])]), tmp_path / "staged")
    assert bool(staged.days) == is_good
