"""A month built in one run, day by day in any order, or twice at once: the same tables."""

import random
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import marts
from ecom_platform.contracts.lake import DAY_TABLES, EVENTS
from ecom_platform.marts.reach import reach
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.e2e.shown_tables import all_tables, catalog_differences, stale
from ecom_platform_tests.support.installation import Installation
from ecom_platform_tests.support.places import ROOT

pytestmark = pytest.mark.slow

FIRST = date(2026, 1, 5)
DAYS = [FIRST + timedelta(days=n) for n in range(28)]
IS_OF_ITS_DAY = {mart.key: reach(mart) == (0, 0) for mart in marts.TABLES}
OF_THEIR_DAY = [
    *(table.key for table in DAY_TABLES),
    *(key for key, is_of_its_day in IS_OF_ITS_DAY.items() if is_of_its_day),
]
OF_OTHER_DAYS_TOO = [key for key, is_of_its_day in IS_OF_ITS_DAY.items() if not is_of_its_day]


@pytest.fixture
def month(tmp_path: Path) -> list[Path]:
    """Twenty-eight days, of which some have rows in two files."""
    folder = tmp_path / "month"
    traffic.main(
        ["generate", f"--out={folder}", f"--start={FIRST}", f"--end={DAYS[-1]}"]
        + ["--events-per-day=200", "--dirt=0.01", "--seed=3", "--days-per-file=14"]
    )
    return sorted(folder.glob("*.csv"))


def numbers(batch: Batch) -> dict[str, int]:
    return {commit.name: commit.number for commit in batch.tables.commits(EVENTS)}


@pytest.mark.timeout(1200)
def test_month_day_by_day_in_any_order_gives_the_tables_of_one_run(
    batch: Batch, month: list[Path]
) -> None:
    deliver(month, Settings.from_environment())
    batch.take_in()
    shuffled = DAYS.copy()
    random.Random(1).shuffle(shuffled)
    for keys in (OF_THEIR_DAY, OF_OTHER_DAYS_TOO):
        for day in shuffled:
            batch.run(str(day), keys, span=(str(day), str(day)))
    day_by_day = all_tables(batch)
    assert batch.data_days() == DAYS
    assert batch.rebuild() == []

    for keys in (OF_THEIR_DAY, OF_OTHER_DAYS_TOO):
        batch.run("the month", keys, span=(str(DAYS[0]), str(DAYS[-1])))

    assert all_tables(batch) == day_by_day
    assert set(numbers(batch).values()) == {2}


@pytest.mark.timeout(1200)
def test_two_overlapping_backfills_at_once_give_the_tables_of_one_run(
    tmp_path: Path, month: list[Path]
) -> None:
    installation = Installation(tmp_path / "state")
    with installation.entered(), installation.cloud_up():
        deliver(month, Settings.from_environment())
        installation.build()
        batch = installation.batch()
        in_one_run = all_tables(batch)
        before = numbers(batch)

        backfill = "ecom_platform_tests.e2e.backfill"
        ranges = [(DAYS[0], DAYS[19]), (DAYS[8], DAYS[27])]
        backfills = [
            subprocess.Popen(
                installation.command("-m", backfill, str(first), str(last)),
                cwd=ROOT,
                stdout=(tmp_path / f"{first}.log").open("wb"),
                stderr=subprocess.STDOUT,
            )
            for first, last in ranges
        ]
        codes = [process.wait(600) for process in backfills]
        logs = [(tmp_path / f"{first}.log").read_text() for first, _ in ranges]
        for code, log in zip(codes, logs, strict=True):
            assert code == 0 or "run this one again" in log, log
        installation.build()

        assert all_tables(batch) == in_one_run
        assert stale(batch) == []
        assert catalog_differences(batch) == []
        after = numbers(batch)
        assert all(after[str(day)] > before[str(day)] for day in DAYS)
