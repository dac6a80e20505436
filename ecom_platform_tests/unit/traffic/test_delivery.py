import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from ecom_platform.traffic.delivery import Plan
from ecom_platform.traffic.manifest import MANIFEST
from ecom_platform_tests.unit.traffic.conftest import Generate

HEADER = (
    b"event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
ROW = re.compile(
    rb"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d:[0-5]\d UTC,"
    rb"(view|cart|remove_from_cart|purchase),\d{7,8},\d{19},"
    rb"[a-z_.]*,[a-z]*,\d+\.\d\d,5\d{8},[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)


def _defect(line: bytes) -> str | None:
    """Names a defect by looking at the line alone."""
    fields = line.split(b",")
    if ROW.fullmatch(line):
        return None
    if len(fields) < 9:
        return "truncated_row"
    if b"\xff" in line:
        return "invalid_utf8"
    checks = {
        "bad_type": not fields[2].isdigit(),
        "bad_time": b" 25:61:61 " in fields[0],
        "unknown_event_type": fields[1] == b"wishlist",
        "negative_price": fields[6].startswith(b"-"),
        "missing_user": fields[7] == b"",
    }
    (found,) = [name for name, is_so in checks.items() if is_so]
    return found


def test_clean_files_hold_only_rows_of_the_published_form(
    tmp_path: Path, generate: Generate
) -> None:
    files = generate("out")
    assert [file.name for file in files] == [
        "events_2026-10-26_2026-10-27.csv",
        "events_2026-10-28_2026-10-29.csv",
    ]
    for file in files:
        header, *rows = (tmp_path / "out" / file.name).read_bytes().splitlines()
        assert header == HEADER
        assert [row for row in rows if not ROW.fullmatch(row)] == []
        assert len(rows) == file.rows == sum(file.rows_by_date.values())


def test_files_are_cut_at_midnight_and_the_last_may_be_short(
    tmp_path: Path, generate: Generate
) -> None:
    files = generate("out", end=date(2026, 10, 30))
    assert [sorted(file.rows_by_date) for file in files] == [
        ["2026-10-26", "2026-10-27"],
        ["2026-10-28", "2026-10-29"],
        ["2026-10-30"],
    ]
    for file in files:
        rows = (tmp_path / "out" / file.name).read_bytes().splitlines()[1:]
        assert Counter(row[:10].decode() for row in rows) == file.rows_by_date
        assert [row[:19] for row in rows] == sorted(row[:19] for row in rows)


def test_manifest_equals_the_dirt_in_the_files(tmp_path: Path, generate: Generate) -> None:
    files = generate("out", events_per_day=20_000, dirt=0.005)
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert [file["name"] for file in manifest["files"]] == [file.name for file in files]
    total: Counter[str] = Counter()
    for file in manifest["files"]:
        lines = (tmp_path / "out" / file["name"]).read_bytes().split(b"\n")[1:]
        lines = [line for line in lines if line]
        defects = Counter(found for line in lines if (found := _defect(line)))
        intact = Counter(line[:10].decode() for line in lines if _defect(line) is None)
        assert (defects, intact, len(lines)) == (
            file["defects"],
            file["rows_by_date"],
            file["rows"],
        )
        if file["copy_of"] is None:
            total.update(defects)
    assert total == manifest["totals"]["defects"]
    assert len(total) == 7
    assert manifest["totals"]["broken_rows"] == total.total() > 300


def test_dirt_changes_no_clean_row(tmp_path: Path, generate: Generate) -> None:
    clean = [line for file in generate("clean") for line in _lines(tmp_path / "clean" / file.name)]
    dirty = [
        line
        for file in generate("dirty", dirt=0.02)
        if file.copy_of is None
        for line in _lines(tmp_path / "dirty" / file.name)
        if _defect(line) is None
    ]
    assert sorted(dirty) == sorted(clean)


def test_late_rows_are_missing_from_their_own_file(tmp_path: Path, generate: Generate) -> None:
    files = {file.name: file for file in generate("out", dirt=0.02)}
    late = files["events_2026-10-29_late.csv"]
    rows = _lines(tmp_path / "out" / late.name)
    assert 40 < late.rows == len(rows) < 140
    assert set(late.rows_by_date) == {"2026-10-26", "2026-10-27"}
    assert not set(rows) & set(_lines(tmp_path / "out" / "events_2026-10-26_2026-10-27.csv"))


def test_one_file_is_delivered_twice_byte_for_byte(tmp_path: Path, generate: Generate) -> None:
    (copy,) = [file for file in generate("out", dirt=0.01) if file.copy_of]
    assert copy.name == f"{(copy.copy_of or '').removesuffix('.csv')}_redelivered.csv"
    first, second = (
        (tmp_path / "out" / name).read_bytes() for name in (copy.copy_of or "", copy.name)
    )
    assert first == second


def test_one_file_breaks_off_without_a_line_end(tmp_path: Path, generate: Generate) -> None:
    files = [file.name for file in generate("out", dirt=0.01) if not file.copy_of]
    cut = [name for name in files if not (tmp_path / "out" / name).read_bytes().endswith(b"\n")]
    assert len(cut) == 1
    last = (tmp_path / "out" / cut[0]).read_bytes().rsplit(b"\n", 1)[1]
    assert _defect(last) == "truncated_row"


def test_no_dirt_leaves_only_the_plain_files_and_an_empty_account(
    tmp_path: Path, generate: Generate
) -> None:
    generate("out", dirt=0.0)
    totals = json.loads((tmp_path / "out" / MANIFEST).read_text())["totals"]
    assert (totals["broken_rows"], totals["late_rows"], totals["defects"]) == (0, 0, {})
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_plan_refuses_a_period_that_ends_before_it_starts() -> None:
    with pytest.raises(ValueError, match="end 2026-10-25 lies before start 2026-10-26"):
        Plan(start=date(2026, 10, 26), end=date(2026, 10, 25))


def test_four_weeks_make_four_files() -> None:
    plan = Plan(start=date(2026, 10, 26), end=date(2026, 11, 22))
    assert plan.periods() == [
        (date(2026, 10, 26), date(2026, 11, 1)),
        (date(2026, 11, 2), date(2026, 11, 8)),
        (date(2026, 11, 9), date(2026, 11, 15)),
        (date(2026, 11, 16), date(2026, 11, 22)),
    ]


def _lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().split(b"\n")[1:] if line]
