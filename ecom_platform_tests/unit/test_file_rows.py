"""Reading one file: what is accepted, what is refused, and that every row is accounted for."""

import gzip
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ecom_platform.lake import event_csv
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.file_rows import StagedFile
from ecom_platform.tables.errors import RowsNotConservedError
from ecom_platform_tests.support.staged_files import files_of, rows_of, staged_of

HEADER = (
    b"event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
GOOD = b"2026-01-05 10:00:00 UTC,view,1,2053013559792632471,a.b,acme,10.00,7,s1"

Stage = Callable[[bytes], tuple[StagedFile, list[tuple[Any, ...]]]]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Stage the bytes of a file; returns what became of it, and its good rows."""

    def run(content: bytes) -> tuple[StagedFile, list[tuple[Any, ...]]]:
        staged = staged_of(content, Path(tempfile.mkdtemp(dir=tmp_path)))
        return staged, rows_of(files_of(staged))

    return run


def lines(*rows: bytes, end: bytes = b"\n") -> bytes:
    return end.join([HEADER, *rows]) + end


def test_good_row_keeps_every_value(stage: Stage) -> None:
    _, rows = stage(lines(GOOD))

    assert [str(value) for value in rows[0]] == [
        "2026-01-05 10:00:00",
        "view",
        "1",
        "2053013559792632471",
        "a.b",
        "acme",
        "10.00",
        "7",
        "s1",
        "export",
        "None",
        "None",
        "10",
        "2026-01-05",
    ]


@pytest.mark.parametrize(
    "content",
    [
        lines(GOOD, GOOD),
        lines(GOOD, GOOD, end=b"\r\n"),
        HEADER + b"\r\n" + GOOD + b"\n" + GOOD,
        b"\xef\xbb\xbf" + lines(GOOD, GOOD),
        lines(GOOD, b"", GOOD, b""),
        gzip.compress(lines(GOOD, GOOD)),
        gzip.compress(lines(GOOD)) + gzip.compress(GOOD + b"\n"),
        lines(GOOD.replace(b"acme", b'"acme"'), b'"' + GOOD.replace(b",", b'","') + b'"'),
    ],
    ids=["lf", "crlf", "mixed", "bom", "blank lines", "gzip", "two gzip members", "quoted"],
)
def test_forms_of_the_same_rows_are_read_alike(stage: Stage, content: bytes) -> None:
    staged, rows = stage(content)

    assert (staged.read_row_count, staged.quarantine.num_rows) == (2, 0)
    assert rows == [rows[0]] * 2
    price = Decimal("10.00")
    assert rows[0][1:9] == ("view", 1, 2053013559792632471, "a.b", "acme", price, 7, "s1")


def test_nulls_are_empty_or_quoted_empty(stage: Stage) -> None:
    _, rows = stage(
        lines(
            b"2026-01-05 10:00:00 UTC,view,1,,,,10.00,7,",
            b'2026-01-05 10:00:00 UTC,view,1,"","","",10.00,7,""',
        )
    )

    assert rows[0] == rows[1]
    assert (*rows[0][3:6], rows[0][8]) == (None, None, None, None)


def test_columns_may_come_in_another_order_or_be_absent(stage: Stage) -> None:
    staged, rows = stage(
        b"price,user_id,extra,event_time,EVENT_TYPE,product_id\n"
        b"10.00,7,x,2026-01-05 10:00:00 UTC,cart,1\n"
    )

    assert staged.absent_columns == ("category_id", "category_code", "brand", "user_session")
    assert rows[0][1:9] == ("cart", 1, None, None, None, Decimal("10.00"), 7, None)


def test_rows_go_to_the_utc_day_of_their_time(stage: Stage) -> None:
    staged, _ = stage(
        lines(
            GOOD.replace(b"10:00:00", b"23:59:59"),
            GOOD.replace(b"05 10:00:00", b"04 00:00:00"),
            GOOD,
        )
    )

    counts = {day: part.row_count for day, part in staged.days.items()}
    assert counts == {date(2026, 1, 4): 1, date(2026, 1, 5): 2}


REFUSED = {
    "malformed_row": [GOOD[:30], GOOD + b",more", GOOD.replace(b"acme", b"ac\rme")],
    "unbalanced_quote": [GOOD.replace(b"acme", b'"acme')],
    "invalid_encoding": [GOOD.replace(b"acme", b"ac\xffme")],
    "bad_event_time": [
        GOOD.replace(b"2026-01-05", b"2026-13-05"),
        GOOD.replace(b" UTC", b""),
        GOOD.replace(b"2026-01-05 10:00:00 UTC", b""),
    ],
    "event_time_in_future": [GOOD.replace(b"05 10:00:00", b"06 01:00:01")],
    "outside_partition_range": [GOOD.replace(b"2026", b"2018")],
    "unknown_event_type": [GOOD.replace(b"view", b"wish"), GOOD.replace(b"view", b"")],
    "missing_or_bad_product_id": [
        GOOD.replace(b",1,", b",,"),
        GOOD.replace(b",1,", b",12.7,"),
        GOOD.replace(b",1,", b",1_000,"),
    ],
    "bad_category_id": [GOOD.replace(b"2053013559792632471", b"2.05301E+18")],
    "missing_or_bad_price": [
        GOOD.replace(b"10.00", b""),
        GOOD.replace(b"10.00", b"nan"),
        GOOD.replace(b"10.00", b"2.345"),
        GOOD.replace(b"10.00", b"1000000000000.00"),
        GOOD.replace(b"10.00", b"1_000"),
        GOOD.replace(b"10.00", b"0.0000004"),
        GOOD.replace(b"10.00", b"12.34000001"),
    ],
    "negative_price": [GOOD.replace(b"10.00", b"-0.01")],
    "missing_or_bad_user_id": [GOOD.replace(b",7,", b",,"), GOOD.replace(b",7,", b",me,")],
}


@pytest.mark.parametrize("reason", REFUSED)
def test_bad_row_is_quarantined_alone_with_its_line_and_reason(stage: Stage, reason: str) -> None:
    for bad in REFUSED[reason]:
        staged, rows = stage(lines(GOOD, bad, GOOD))

        assert len(rows) == 2, bad
        found = staged.quarantine.to_pylist()
        assert [(row["line_number"], row["reason"]) for row in found] == [(3, reason)], bad
        assert found[0]["line_text"] == bad.decode("utf-8", "backslashreplace")
        assert staged.read_row_count == 3


def test_all_kinds_together_keep_their_own_lines(stage: Stage) -> None:
    bad = [(reason, row) for reason, rows in REFUSED.items() for row in rows]
    mixed = [row for _, refused in bad for row in (GOOD, refused, b"")]

    staged, rows = stage(lines(*mixed))

    assert len(rows) == len(bad)
    found = {row["line_number"]: row for row in staged.quarantine.to_pylist()}
    assert [found[3 + 3 * place]["reason"] for place in range(len(bad))] == [r for r, _ in bad]
    assert Counter(row["reason"] for row in found.values()) == Counter(r for r, _ in bad)


def test_stray_quote_swallows_no_row_of_a_large_file(stage: Stage) -> None:
    many = [GOOD] * 200_000
    many[777] = GOOD.replace(b"acme", b'"acme')

    staged, _ = stage(lines(*many))

    assert staged.staged_row_count == 199_999
    assert staged.quarantine.to_pylist()[0]["line_number"] == 779


def test_time_within_an_hour_after_the_put_is_good(stage: Stage) -> None:
    staged, _ = stage(lines(GOOD.replace(b"05 10:00:00", b"06 01:00:00")))

    assert list(staged.days) == [date(2026, 1, 6)]


def test_header_alone_is_a_file_without_rows(stage: Stage) -> None:
    staged, rows = stage(HEADER + b"\n")

    assert (staged.read_row_count, rows) == (0, [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"event_time,event_type,product_id,user_id\n", "missing_columns"),
        (HEADER + b",price\n", "duplicate_columns"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_csv"),
        (b"hello world\n", "not_csv"),
        (HEADER.decode().encode("utf-16"), "wrong_encoding"),
        (gzip.compress(lines(*[GOOD] * 999), mtime=0)[:60], "not_readable_gzip"),
    ],
)
def test_file_that_is_no_event_file_is_refused_with_its_reason(
    stage: Stage, content: bytes, reason: str
) -> None:
    with pytest.raises(FileRefusedError) as refusal:
        stage(content)
    assert refusal.value.reason == reason


def test_parser_that_loses_rows_is_found_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of rows read does not come from the parser, so that it can contradict it."""
    relation = event_csv.EventCsv.relation
    monkeypatch.setattr(
        event_csv.EventCsv,
        "relation",
        lambda self, *place, **form: f"(select * from {relation(self, *place, **form)} limit 1)",
    )
    with pytest.raises(RowsNotConservedError, match="3 rows came, but 1 staged"):
        stage(lines(GOOD, GOOD, GOOD))
