"""However the same events are delivered, every mart says the same."""

import gzip
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ecom_platform.batch import Batch
from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.manifest import read_manifest
from ecom_platform_tests.support.tables import all_marts, check_conservation, rows

TakeIn = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of a small shop in one file, clean but for repeats inside it."""
    folder = tmp_path_factory.mktemp("shop")
    traffic.main(
        ["generate", f"--out={folder}", "--start=2026-01-05", "--end=2026-01-06"]
        + ["--events-per-day=2000", "--dirt=0", "--seed=3"]
    )
    path = next(folder.glob("*.csv"))
    lines = path.read_bytes().splitlines(keepends=True)
    repeated = tmp_path_factory.mktemp("repeated") / "shop.csv"
    # Two units bought in one second look the same: rows that repeat inside a file stay.
    repeated.write_bytes(b"".join([*lines, *lines[10:13], lines[11]]))
    return repeated


@pytest.fixture
def calm(batch: Batch, take_in: TakeIn, shop: Path) -> dict[str, list[object]]:
    """The marts after one plain delivery."""
    take_in(shop)
    return all_marts(batch)


def test_days_keep_repeats_inside_a_file(batch: Batch, take_in: TakeIn, shop: Path) -> None:
    take_in(shop)

    lines = shop.read_bytes().splitlines()
    kept = rows(batch, "lake", "events", "select count(*), count(distinct user_id) from {table}")
    assert kept == [(len(lines) - 1, len({line.split(b",")[7] for line in lines[1:]}))]


def test_delivery_in_other_forms_changes_no_mart(
    batch: Batch, take_in: TakeIn, shop: Path, calm: dict[str, list[object]], tmp_path: Path
) -> None:
    lines = shop.read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    shuffled = lines[1:]
    random.Random(1).shuffle(shuffled)
    forms = {
        "again.csv": b"".join(lines),
        "first_half.csv": b"".join(lines[:half]),
        "second_half.csv": b"".join([lines[0], *lines[half:]]),
        "shuffled.csv": b"".join([lines[0], *shuffled]),
        "packed.csv.gz": gzip.compress(b"".join(lines)),
    }
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        assert take_in(tmp_path / name) == {}
        assert all_marts(batch) == calm, name
        check_conservation(batch)


def test_two_halves_lose_only_repeats_that_the_cut_parts(
    batch: Batch, take_in: TakeIn, shop: Path, tmp_path: Path
) -> None:
    lines = shop.read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    (tmp_path / "a.csv").write_bytes(b"".join(lines[:half]))
    (tmp_path / "b.csv").write_bytes(b"".join([lines[0], *lines[half:]]))
    take_in(tmp_path / "a.csv", tmp_path / "b.csv")
    split = all_marts(batch)
    check_conservation(batch)

    # The repeats at the end of the whole file stand in the other half than their originals. Of
    # identical rows that a split puts into two files only those of the fuller file count: one of
    # two, one of two, and two of three stay.
    everybody = [row for row in split["daily_visitors"] if row[0] == "all"]
    assert sum(row[3] for row in everybody) == len(lines) - 1 - 3


def test_corrected_file_replaces_the_old_one(
    batch: Batch, take_in: TakeIn, shop: Path, calm: dict[str, list[object]], tmp_path: Path
) -> None:
    lines = shop.read_bytes().splitlines(keepends=True)
    wrong = tmp_path / shop.name
    wrong.write_bytes(b"".join(lines[: len(lines) // 3]))
    take_in(wrong)
    assert all_marts(batch) != calm
    check_conservation(batch)

    wrong.write_bytes(b"".join(lines))
    take_in(wrong)
    assert all_marts(batch) == calm
    check_conservation(batch)


def test_day_that_loses_its_rows_leaves_every_mart(
    batch: Batch, take_in: TakeIn, shop: Path, calm: dict[str, list[object]], tmp_path: Path
) -> None:
    lines = shop.read_bytes().splitlines(keepends=True)
    corrected = tmp_path / shop.name
    corrected.write_bytes(b"".join(line for line in lines if not line.startswith(b"2026-01-06")))

    take_in(corrected)

    assert rows(batch, "lake", "events", "select distinct event_date from {table}") == [
        (date(2026, 1, 5),)
    ]
    for name, found in all_marts(batch).items():
        # Pairs of products are told on Sundays alone.
        days = set() if name == "product_affinity" else {date(2026, 1, 5)}
        assert {row[-1] for row in found} == days, name
    check_conservation(batch)


def test_refused_files_change_nothing_for_good_ones(
    batch: Batch, take_in: TakeIn, calm: dict[str, list[object]], tmp_path: Path
) -> None:
    bad = {
        "empty.csv": b"",
        "no_price.csv": b"event_time,event_type,product_id,user_id\n1,2,3,4\n",
        "picture.csv": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "broken.csv.gz": gzip.compress(b"event_time,event_type\n" * 500)[:40],
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)

    refused = take_in(*(tmp_path / name for name in bad))

    reasons = {file_id.split("@")[0]: text for file_id, text in refused.items()}
    assert reasons.keys() == bad.keys()
    assert "empty_file" in reasons["empty.csv"]
    assert "missing_columns: price" in reasons["no_price.csv"]
    assert "not_csv" in reasons["picture.csv"]
    assert "not_readable_gzip" in reasons["broken.csv.gz"]
    assert all_marts(batch) == calm
    check_conservation(batch)


def test_every_kind_of_dirt_ends_in_quarantine_and_nowhere_else(
    batch: Batch, take_in: TakeIn, tmp_path: Path
) -> None:
    folder = tmp_path / "dirty"
    traffic.main(
        ["generate", f"--out={folder}", "--start=2026-01-05", "--end=2026-01-12"]
        + ["--events-per-day=3000", "--dirt=0.01", "--days-per-file=4"]
    )
    manifest = read_manifest(folder)

    assert take_in(*(folder / file["name"] for file in manifest["files"])) == {}

    check_conservation(batch)
    kept = rows(batch, "lake", "events", "select count(*) from {table}")[0][0]
    assert kept == manifest["totals"]["intact_rows"]
    quarantined = rows(batch, "lake", "quarantined_events", "select count(*) from {table}")[0][0]
    expected = sum(sum(file["defects"].values()) for file in manifest["files"])
    assert quarantined == expected > 0
    reasons = rows(batch, "lake", "quarantined_events", "select distinct reason from {table}")
    assert len(reasons) >= 6
