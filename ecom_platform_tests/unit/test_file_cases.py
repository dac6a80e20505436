"""What strangers' files did to it, one expectation a file: see `docs/event-files.md`.

The files lie in `cases/`; they are made up, after public reports. Files whose point is their key
are delivered in `e2e/test_stranger_files.py`.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.refusal_report import refused_rows
from ecom_platform_tests.support.places import HEADER, ROOT
from ecom_platform_tests.support.staged_files import staged_of

CASES = ROOT / "ecom_platform_tests/cases"


@dataclass(frozen=True)
class Expected:
    """How many rows are staged, the reason of each line that is not, or why the file is not."""

    staged: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    reason: str = ""
    says: str = ""


def lines(reason: str, *numbers: int) -> dict[int, str]:
    return dict.fromkeys(numbers, reason)


FOUR = Expected(staged=4)
TIME, PRICE, USER = "bad_event_time", "missing_or_bad_price", "missing_or_bad_user_id"

EXPECTED = {
    "01-pandas-index": FOUR,
    "03-crcrlf": FOUR,
    "04-mac-cr": Expected(reason="not_csv", says="carriage returns (CR"),
    "05-utf16": Expected(reason="wrong_encoding", says="UTF-16; save it as UTF-8"),
    "06-semicolon-decimal-comma": Expected(reason="wrong_delimiter", says="a semicolon"),
    "07-tabs": Expected(reason="wrong_delimiter", says="a tab stands"),
    "08-sep-line": Expected(reason="no_header", says="sep=,"),
    "09-retailrocket": Expected(reason="missing_columns", says="wanted is a header like: event_t"),
    "10-prices": Expected(
        staged=5,
        refused={
            **lines(PRICE, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 21),
            **lines(PRICE, 25, 26, 27, 28, 29, 30),
            22: "negative_price",
            24: "negative_price",
            31: PRICE,
        },
    ),
    "11-times": Expected(
        staged=5,
        refused={
            **lines(TIME, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 21, 22, 23, 24),
            19: "outside_partition_range",
            20: "event_time_in_future",
        },
    ),
    "12-ids": Expected(
        staged=3,
        refused=lines(USER, *range(4, 16), 17, 18, 19),
    ),
    "14-null-words": Expected(staged=10),
    "15-quoted-newline": Expected(staged=2, refused=lines("unbalanced_quote", 3, 4, 5)),
    "16-backslash-json": Expected(staged=2, refused=lines("malformed_row", 2, 5)),
    "17-quotes": Expected(staged=6, refused={**lines("malformed_row", 2, 3, 5, 6)}),
    "18-concatenated": Expected(staged=8, refused=lines(TIME, 6, 9)),
    "19-double-gzip": Expected(reason="not_csv", says="packed twice"),
    "20-gzip-trailing-garbage": Expected(reason="not_readable_gzip"),
    "21-multi-member-gzip": Expected(staged=8, refused=lines(TIME, 6)),
    "22-truncated-gzip": Expected(reason="not_readable_gzip", says="ends in the midst"),
    "23-zip-as-csv": Expected(reason="not_csv", says="a zip archive"),
    "26-odd-key": FOUR,
    "27-long-cyrillic-name": FOUR,
    "28-folders": FOUR,
    "29-zero-byte/c29_zero.csv": Expected(reason="empty_file"),
    "29-zero-byte/c29_zero.csv.gz": Expected(reason="empty_file"),
    "30-header-only/c30_blank_first.csv": Expected(reason="no_header", says="line is blank"),
    "30-header-only/c30_header_no_newline.csv": Expected(),
    "30-header-only/c30_header_only.csv": Expected(),
    "31-one-row": Expected(staged=1),
    "32-cp1251": Expected(staged=2, refused=lines("invalid_encoding", 3, 4)),
    "34-nul/c34_nul.csv": Expected(staged=2, refused=lines("malformed_row", 3)),
    "34-nul/c34_nul_tail.csv": Expected(staged=4, refused=lines("malformed_row", 6)),
    "35-cosmetics": Expected(staged=4, refused={5: "negative_price"}),
    "36-purchase-history": Expected(reason="missing_columns", says="event_type"),
    "37-headerless": Expected(reason="no_header", says="put the header in the first line: event_"),
    "39-clashing-extras/c39_clashing.csv": FOUR,
    "39-clashing-extras/c39_quoted_header.csv": FOUR,
    "40-ragged": Expected(staged=2, refused={**lines("malformed_row", 3, 4, 5, 9), 8: TIME}),
    "41-html": Expected(reason="not_csv", says="<!DOCTYPE html>"),
    "43-month-edge": FOUR,
    "44-mixed-case-types": Expected(
        staged=1, refused=lines("unknown_event_type", 2, 3, 4, 5, 6, 7, 9)
    ),
    "45-dots-in-name/c45_neighbour.csv": FOUR,
    "45-dots-in-name/events 2025...final.csv": FOUR,
    "50-refused-twice": Expected(reason="wrong_delimiter", says="a semicolon"),
    "51-iso-times": Expected(staged=9),
    "53-bad-byte-behind-extra-column": Expected(staged=2, refused={3: "invalid_encoding"}),
}
"""Folder of a case, or one of its files → what becomes of it."""

OF_OTHER_TESTS = {"25-other-suffixes", "46-stream-edge", "48-poison-size", "49-put-back"}


def path_of(case: str) -> Path:
    place = CASES / case
    return place if place.is_file() else next(place.iterdir())


def test_no_case_is_left_out() -> None:
    folders = {path.name for path in CASES.iterdir()}
    assert folders <= {case.split("/")[0] for case in EXPECTED} | OF_OTHER_TESTS
    for folder in folders - OF_OTHER_TESTS:
        files = {f"{folder}/{path.name}" for path in (CASES / folder).iterdir()}
        assert (folder in EXPECTED and len(files) == 1) or files <= set(EXPECTED)


@pytest.mark.parametrize("case", EXPECTED)
def test_file_of_a_stranger_is_read_or_refused_with_its_reasons(case: str, tmp_path: Path) -> None:
    expected = EXPECTED[case]
    if expected.reason:
        with pytest.raises(FileRefusedError) as refusal:
            staged_of(path_of(case).read_bytes(), tmp_path)
        assert refusal.value.reason == expected.reason
        assert expected.says in str(refusal.value)
        return
    staged = staged_of(path_of(case).read_bytes(), tmp_path)
    rows = staged.quarantine.to_pylist()
    assert {row["line_number"]: row["reason"] for row in rows} == expected.refused
    assert staged.staged_row_count == expected.staged
    assert all(refused.sentence() for refused in refused_rows(staged.quarantine))


def test_example_of_a_refusal_names_line_value_and_what_is_wanted(tmp_path: Path) -> None:
    row = "12/01/2025 10:00,view,1,2,a.b,acme,1.00,5,s\n"
    staged = staged_of(f"{HEADER}\n{9 * row}".encode(), tmp_path)
    (refused,) = refused_rows(staged.quarantine)
    assert refused.sentence() == (
        '9 rows refused: bad_event_time, e.g. line 2 "12/01/2025 10:00"; wanted'
        " 2019-10-01 00:00:00 UTC or 2019-10-01T00:00:00Z"
    )
