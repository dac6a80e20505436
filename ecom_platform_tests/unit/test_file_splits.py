"""Large files read in splits: the same rows, refusals and sums as read whole, wherever it is cut.

Spark itself is tried in `integration/test_staging_job.py`; here a loop takes its place.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pytest

from ecom_platform.lake import file_splits, quoted_breaks
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.file_splits import Split, SplitLines, needs_whole, splits_of
from ecom_platform.lake.limits import Limits
from ecom_platform.lake.placed_files import PlacedFile
from ecom_platform.lake.terms import USUAL, Terms
from ecom_platform_tests.support.clouds import in_memory_cloud
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.staged_files import PUT_AT, files_of, rows_of, staged_of
from ecom_platform_tests.unit.test_file_cases import EXPECTED, path_of
from glue_jobs.files import stage
from glue_jobs.splits import Work, read_split

BUCKET = "shop"
ROW = "2026-01-0{day} 10:00:00 UTC,view,{n},2053013555631882655,a.b,acme,{price},{n},s{n}"
SPLIT_BYTES = (150,)


def here(work: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
    """Does one after the other what Spark would do at once."""
    return [work(task) for task in tasks]


@pytest.fixture(autouse=True)
def bucket() -> Iterator[None]:
    with in_memory_cloud():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield


def delivered(content: bytes) -> EventFile:
    key = "raw/exports/events.csv"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
    return EventFile(key, md5(content).hexdigest(), len(content), PUT_AT)  # noqa: S324 - S3's own


def in_splits(content: bytes, split_bytes: int) -> tuple[PlacedFile, list[str]]:
    """What the job says of a file, through JSON as it goes, and what it told meanwhile."""
    said: list[str] = []
    work = Work(BUCKET, delivered(content), Terms("Europe/Berlin"))
    placed = stage(here, work, said.append, split_bytes)
    return PlacedFile.from_json(placed.to_json()), said


def whole(content: bytes, folder: Path) -> tuple[list[Any], list[Any], int]:
    """Rows, refused rows and the count of both, as the step reads a file by itself."""
    staged = staged_of(content, folder, zone="Europe/Berlin")
    return rows_of(files_of(staged)), staged.quarantine.to_pylist(), staged.read_row_count


def fetched(prefix: str, folder: Path) -> list[str]:
    """The objects under a location, as local files."""
    s3 = boto3.client("s3")
    paths = []
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix.removeprefix(f"s3://{BUCKET}/"))
    for entry in found["Contents"]:
        path = folder / entry["Key"].replace("/", "_")
        s3.download_file(BUCKET, entry["Key"], str(path))
        paths.append(str(path))
    return paths


def check_same(placed: PlacedFile, expected: tuple[list[Any], list[Any], int], at: Path) -> None:
    rows, quarantine, count = expected
    files = [path for part in placed.parts for path in fetched(part.location, at)]
    assert rows_of(files) == rows
    assert placed.ledger.staged_row_count == len(rows)
    assert placed.quarantine
    (refused,) = fetched(placed.quarantine.location, at)
    assert duckdb.sql(f"from read_parquet('{refused}')").to_arrow_table().to_pylist() == quarantine
    assert placed.read_row_count == count


@pytest.mark.parametrize("split_bytes", SPLIT_BYTES)
@pytest.mark.parametrize("case", EXPECTED)
def test_a_strangers_file_in_splits_is_what_it_is_whole(
    case: str, split_bytes: int, tmp_path: Path
) -> None:
    content = path_of(case).read_bytes()
    placed, _ = in_splits(content, split_bytes)
    if EXPECTED[case].reason:
        with pytest.raises(FileRefusedError) as refusal:
            whole(content, tmp_path)
        assert placed.refusal == str(refusal.value)
    else:
        check_same(placed, whole(content, tmp_path), tmp_path)


def test_a_packed_file_and_one_without_a_header_are_not_cut() -> None:
    for case in ("21-multi-member-gzip", "37-headerless"):
        _, said = in_splits(path_of(case).read_bytes(), 150)
        assert ["whole" in one for one in said] == [True]
    _, said = in_splits(path_of("10-prices").read_bytes(), 150)
    assert ["whole" in one for one in said] == [False]


def table(rows: int, price: str = "1.00") -> bytes:
    lines = [ROW.format(day=1 + n % 5, n=n, price=price if n % 7 else "free") for n in range(rows)]
    return "\n".join([HEADER, *lines]).encode()


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n\n"])
def test_every_cut_of_a_file_gives_the_same_lines(end: bytes, tmp_path: Path) -> None:
    content = table(9) + end
    expected = whole(content, tmp_path)
    for split_bytes in range(60, 200, 35):
        at = tmp_path / str(split_bytes)
        at.mkdir()
        placed, said = in_splits(content, split_bytes)
        check_same(placed, expected, at)
        assert not any("whole" in one for one in said)
    assert [row["line_number"] for row in expected[1]] == [2, 9]


def test_own_lines_are_each_in_one_split() -> None:
    content = b"".join(b"x" * (n % 11) + b"\n" for n in range(60)) + b"last"
    for split_bytes in range(1, 40):
        pieces = []
        for split in splits_of(len(content), split_bytes):
            first, last = split.reach(Limits(line_bytes=12))
            pieces.append(split.own_lines(content[first : last + 1]))
        assert b"".join(pieces) == content
        assert all(piece.endswith((b"\n", b"last")) for piece in pieces if piece)


def test_a_split_reaches_as_far_as_its_last_line_may_go() -> None:
    limits = Limits(line_bytes=10)
    first, last = Split(1, 100, 200).reach(limits)
    line = b"x" * 10 + b"\n"
    start = 199
    assert (first, last) == (99, 210)
    assert last + 1 >= start + len(line)


def lines(count: int, first: int | None = None) -> SplitLines:
    return SplitLines(count, 0, first, first)


def test_quotes_that_may_belong_together_across_a_cut_are_read_whole() -> None:
    last = [lines(500, first=402), lines(500, first=2)]
    assert quoted_breaks.LONGEST_BREAK == 500 + 2 - 402
    assert needs_whole(last)
    assert not needs_whole(last[:1])
    assert not needs_whole([lines(500, first=401), lines(500, first=2)])


def test_an_open_quote_is_carried_over_splits_without_one() -> None:
    assert needs_whole([lines(50, first=20), lines(30), lines(50, first=5)])
    assert not needs_whole([lines(50, first=20), lines(300), lines(50, first=5)])


def test_broken_lines_are_counted_over_all_splits() -> None:
    splits = [SplitLines(10, 3, None, None), SplitLines(10, 2, None, None)]
    assert not needs_whole(splits, Limits(broken_lines=5))
    assert needs_whole(splits, Limits(broken_lines=4))


def test_a_quoted_line_break_over_a_cut_is_read_whole(tmp_path: Path) -> None:
    row = ROW.format(day=5, n=1, price="1.00")
    broken = row.replace("acme", '"two') + "\n" + row + '\nlines",1.00,1,s'
    content = f"{HEADER}\n{row}\n{broken}\n{row}".encode()
    placed, said = in_splits(content, len(HEADER) + 2 * len(row) + 20)
    assert any("whole" in one for one in said)
    check_same(placed, whole(content, tmp_path), tmp_path)


def test_a_task_that_is_run_again_leaves_no_row_twice() -> None:
    content = table(400)
    work = Work(BUCKET, delivered(content), USUAL)
    header = f"{HEADER}\n".encode()
    splits = splits_of(len(content), len(content) // 2)
    first = [read_split(work, split, header) for split in splits]
    s3 = boto3.client("s3")
    before = [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    again = [read_split(work, split, header) for split in splits]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == before
    assert [one.parts for one in again] == [one.parts for one in first]


def test_a_replaced_file_is_told_apart(tmp_path: Path) -> None:
    file = delivered(table(3))
    assert Work(BUCKET, file, USUAL).lies_there()
    delivered(table(4))
    assert not Work(BUCKET, file, USUAL).lies_there()
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=file.object_key)
    assert not Work(BUCKET, file, USUAL).lies_there()


def test_quarantines_are_put_together_under_their_lines_of_the_file() -> None:
    schema = pa.schema([("line_number", pa.int64()), ("reason", pa.string())])
    parts = [pa.table([[2, 4], ["a", "b"]], schema=schema), pa.table([[3], ["c"]], schema=schema)]
    joined = file_splits.joined_quarantine(parts, [lines(10), lines(10)])
    assert joined.to_pylist() == [
        {"line_number": 2, "reason": "a"},
        {"line_number": 4, "reason": "b"},
        {"line_number": 13, "reason": "c"},
    ]
    assert joined.schema == schema
