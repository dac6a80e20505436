"""`make up` left alone: files arrive, and exactly the right days of the right tables follow."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import TABLES, marts
from ecom_platform.marts.reach import reach
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.support.installation import (
    Installation,
    rebuilt,
    unfinished_runs,
    versions,
)
from ecom_platform_tests.support.tables import check_conservation, rows
from ecom_platform_tests.support.waiting import wait_until
from infra.local.ports import is_taken

pytestmark = pytest.mark.slow

FIRST, LAST = date(2026, 1, 5), date(2026, 1, 18)
DAYS = [str(FIRST + timedelta(days=n)) for n in range(14)]
LATE = ["2026-01-06", "2026-01-08", "2026-01-15"]
DAILY = [mart.path for mart in marts.TABLES if reach(mart) == (0, 0)]
CARTS = ["marts/abandoned_carts", "marts/daily_cart_abandonment"]
TRAILING = ["marts/weekday_category_ranking", "marts/brand_marketing_needs"]
FILE_TABLES = ["lake/quarantined_events", "lake/staged_events", "lake/staged_files"]
SECONDS = 300

Rebuilt = dict[str, list[str]]


@pytest.fixture
def weeks(tmp_path: Path) -> list[Path]:
    """Two weekly files; the late rows of three of their days are held back in `late.csv`."""
    folder = tmp_path / "weeks"
    traffic.main(
        ["generate", f"--out={folder}", f"--start={FIRST}", f"--end={LAST}"]
        + ["--events-per-day=300", "--dirt=0", "--seed=3"]
    )
    late: list[bytes] = []
    for path in sorted(folder.glob("*.csv")):
        header, *lines = path.read_bytes().splitlines(keepends=True)
        held = {
            line for day in LATE for line in [x for x in lines if x.startswith(day.encode())][:9]
        }
        path.write_bytes(header + b"".join(line for line in lines if line not in held))
        late += [line for line in lines if line in held]
    (tmp_path / "late.csv").write_bytes(header + b"".join(late))
    return sorted(folder.glob("*.csv"))


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path / "state")
    with found.entered():
        found.start_up()
        try:
            yield found
        finally:
            found.stop_up()
            found.cloud.stop()


@pytest.fixture
def after(installation: Installation) -> Callable[..., Rebuilt]:
    """Deliver files, wait for what must follow and until all is quiet; returns what got commits."""
    batch = installation.batch()

    def follow(expected: Rebuilt, *paths: Path) -> Rebuilt:
        before = versions(batch)
        deliver(paths, Settings.from_environment())

        def is_done() -> bool:
            found = rebuilt(before, versions(batch))
            is_there = all(set(names) <= set(found.get(t, [])) for t, names in expected.items())
            return is_there and is_quiet(batch)

        wait_until(is_done, SECONDS, f"{expected} is rebuilt", pause=2)
        return {t: n for t, n in rebuilt(before, versions(batch)).items() if t not in FILE_TABLES}

    return follow


def is_quiet(batch: Batch) -> bool:
    """Whether no run is left, and none comes for as long as two ticks of a sensor take."""
    try:
        wait_until(lambda: bool(unfinished_runs(batch)), 35, "another run", pause=1)
    except TimeoutError:
        return True
    return False


def expected_after(days: list[str]) -> Rebuilt:
    """What the change of some days must rebuild, and nothing else."""
    dates = [date.fromisoformat(day) for day in days]
    before = {str(day - timedelta(days=1)) for day in dates}
    trailing = {str(day + timedelta(days=n)) for day in dates for n in range(28)}
    return {
        "raw/event_files": ["all"],
        **{table: sorted(days) for table in ("lake/event_days", "lake/events", *DAILY)},
        **{mart: sorted((before | set(days)) & set(DAYS)) for mart in CARTS},
        **{mart: sorted(trailing & set(DAYS)) for mart in TRAILING},
    }


@pytest.mark.timeout(1200)
def test_files_are_followed_by_exactly_the_days_that_they_change(
    installation: Installation,
    after: Callable[..., Rebuilt],
    weeks: list[Path],
    tmp_path: Path,
) -> None:
    batch = installation.batch()

    expected = expected_after(DAYS)
    assert after(expected, *weeks) == expected
    first = rows(batch, "lake", "events", "select count(*) from {table}")[0][0]

    expected = expected_after(LATE)
    assert after(expected, tmp_path / "late.csv") == expected
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(first + 27,)]

    again = tmp_path / "again.csv"
    again.write_bytes(weeks[0].read_bytes())
    lake_alone = dict.fromkeys(("lake/event_days", "lake/events"), DAYS[:7])
    expected = {"raw/event_files": ["all"], **lake_alone}
    assert after(expected, again) == expected
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(first + 27,)]

    check_conservation(batch)
    for table in (TABLES["lake", "events"], *marts.TABLES):
        shown = batch.tables.catalog.partitions(table)
        assert {part.values[0] for part in shown if part.row_count} <= set(DAYS), table.path

    installation.stop_up()
    assert installation.processes() == []
    assert not installation.cloud.is_running()
    assert not is_taken(installation.ui_port)
    assert not is_taken(installation.cloud_port)
