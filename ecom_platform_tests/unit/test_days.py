"""Putting a day together: which parts count, and where every row goes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ecom_platform.contracts.lake import EVENT_COLUMNS
from ecom_platform.lake.days import (
    DayPlan,
    StagedPart,
    ledger_of,
    plan_day,
    retired_file_ids,
    unusual_volume,
)
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.ledgers import Source
from ecom_platform.lake.merging import merge_day
from ecom_platform.tables.errors import RowsNotConservedError
from ecom_platform.tables.parquet import ENGINE_TYPES

DAY = date(2026, 1, 5)
MIDNIGHT = datetime(2026, 1, 6)  # noqa: DTZ001 - times of the lake are UTC without a zone


def file(name: str, minutes: int = 0, etag: str = "e") -> EventFile:
    return EventFile(f"raw/exports/{name}.csv", etag, 10, MIDNIGHT + timedelta(minutes=minutes))


def part(found: EventFile, rows: int = 1, source: Source = "export", at: str = "") -> StagedPart:
    return StagedPart(found, source, at or f"s3://b/{found.file_id}/", rows, 100)


def test_later_version_of_a_key_retires_the_older_one() -> None:
    old, new, other = file("a", 0, "1"), file("a", 5, "2"), file("b")

    current = {found.object_key: found.file_id for found in (new, other)}
    assert retired_file_ids([new, other, old], current) == {old.file_id}


def test_correction_that_is_taken_back_retires_the_correction() -> None:
    old, new = file("a", 0, "1"), file("a", 5, "2")

    assert retired_file_ids([new, old], {old.object_key: old.file_id}) == {new.file_id}


def test_current_version_that_could_not_be_read_replaces_nothing() -> None:
    old, new = file("a", 0, "1"), file("a", 5, "2")

    assert retired_file_ids([old], {old.object_key: new.file_id}) == set()


def test_file_ids_tell_keys_and_versions_apart() -> None:
    ids = {file(name, etag=etag).file_id for name in ("a", "x/a", "x~a") for etag in ("1", "2")}

    assert len(ids) == 6
    assert not any("/" in file_id for file_id in ids)


@pytest.mark.parametrize(
    ("exports", "stream", "source"),
    [(10, 0, "export"), (50, 100, "export"), (49, 100, "stream"), (0, 100, "stream")],
)
def test_exports_supersede_the_stream_from_half_its_rows_on(
    exports: int, stream: int, source: str
) -> None:
    parts = [part(file("e"), exports)] if exports else []
    parts += [part(file("s"), stream, "stream")] if stream else []

    plan = plan_day(DAY, parts, set())

    assert plan.source == source
    ledger = ledger_of(
        plan, kept_row_count=sum(p.row_count for p in plan.counted), redelivered_row_count=0
    )
    ledger.check_conservation()
    assert ledger.waiting_row_count == (exports if source == "stream" else 0)
    assert ledger.superseded_row_count == (stream if source == "export" else 0)


def test_day_is_partial_until_a_file_comes_after_its_end() -> None:
    early = plan_day(DAY, [part(file("a", -1))], set())
    late = plan_day(DAY, [part(file("a", -1)), part(file("b", 1))], set())

    assert (early.is_partial, late.is_partial) == (True, False)


def test_one_part_is_taken_as_it_lies_and_several_are_not() -> None:
    first, second = part(file("a")), part(file("b"))

    assert plan_day(DAY, [first], set()).only_part == first
    assert plan_day(DAY, [first, second], set()).only_part is None
    assert plan_day(DAY, [first, second], {second.file.file_id}).only_part == first


def test_ledger_that_does_not_add_up_is_refused() -> None:
    plan = plan_day(DAY, [part(file("a"), 10)], set())

    with pytest.raises(RowsNotConservedError, match="10 rows came, but 9 kept"):
        ledger_of(plan, kept_row_count=9, redelivered_row_count=0).check_conservation()


@pytest.mark.parametrize(
    ("rows", "days_before", "told"),
    [(100, 7, None), (50, 7, None), (201, 7, "201 rows, 2.01"), (49, 7, "0.49"), (1, 6, None)],
)
def test_volume_is_held_against_the_weeks_before(
    rows: int, days_before: int, told: str | None
) -> None:
    usual = {DAY - timedelta(days=n): 100 for n in range(1, days_before + 1)}
    found = unusual_volume(DAY, {**usual, DAY: rows, DAY - timedelta(days=40): 10**9})

    assert (found is None) == (told is None)
    assert told is None or told in str(found)


@pytest.mark.parametrize(("days_ago", "is_told"), [(28, True), (29, False)])
def test_four_weeks_are_the_days_before(days_ago: int, is_told: bool) -> None:  # noqa: FBT001
    six = {DAY - timedelta(days=n): 100 for n in range(1, 7)}
    found = unusual_volume(DAY, {**six, DAY - timedelta(days=days_ago): 100, DAY: 1})

    assert (found is not None) is is_told


@pytest.mark.parametrize(
    ("files", "kept", "redelivered"),
    [
        ([[1, 2, 3], [1, 2, 3]], [1, 2, 3], 3),
        ([[1, 1], [1]], [1, 1], 1),
        ([[1], [1, 1]], [1, 1], 1),
        ([[1, 1, 2], [1, 3], [1, 1, 1, 2]], [1, 1, 1, 2, 3], 4),
        ([[1], [2], []], [1, 2], 0),
        ([[2, 2], [1, 2, 3, 4]], [1, 2, 2, 3, 4], 1),
        ([[1, 2, 3, 3], [3]], [1, 2, 3, 3], 1),
    ],
)
def test_each_row_is_kept_as_often_as_the_fullest_file_has_it(
    tmp_path: Path, files: Sequence[Sequence[int]], kept: Sequence[int], redelivered: int
) -> None:
    with duckdb.connect() as connection:
        plan = _written(connection, tmp_path, files)
        merged = merge_day(plan, connection, tmp_path / "merged")
        found = merged.written.files if merged.written else [f"{merged.base.location}rows.parquet"]
        rows = connection.execute(
            "select product_id from read_parquet(?)", [[str(path) for path in found]]
        ).fetchall()

    assert sorted(row[0] for row in rows) == list(kept)
    assert merged.kept_row_count == len(kept)
    assert merged.redelivered_row_count == redelivered
    ledger_of(
        plan,
        kept_row_count=merged.kept_row_count,
        redelivered_row_count=merged.redelivered_row_count,
    ).check_conservation()


def _written(
    connection: duckdb.DuckDBPyConnection, folder: Path, files: Sequence[Sequence[int]]
) -> DayPlan:
    """A day whose files hold rows that differ in `product_id` alone; all else is null."""
    parts = []
    columns = ", ".join(
        f"product_id::bigint as product_id" if c.name == "product_id"  # noqa: F541
        else f"null::{ENGINE_TYPES[c.type]} as {c.name}"
        for c in EVENT_COLUMNS
    )  # fmt: skip
    for order, products in enumerate(files):
        place = folder / str(order)
        place.mkdir()
        connection.execute(
            f"copy (select {columns}"
            f" from (select unnest({list(products)}::bigint[]) as product_id))"
            f" to '{place}/rows.parquet' (format parquet)"
        )
        parts.append(part(file(str(order), order), len(products), at=f"{place}/"))
    return plan_day(DAY, parts, set())
