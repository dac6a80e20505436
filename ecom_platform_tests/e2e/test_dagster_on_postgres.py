"""Dagster on PostgreSQL, as it is hosted: killed in the midst of backfills, it ends them, and every
day is right.
"""

from pathlib import Path

import dagster as dg
import pytest

from ecom_platform.batch import AT_WORK, Batch, fail_dead_runs
from ecom_platform.commands.deliver import deliver
from ecom_platform.settings import Settings
from ecom_platform_tests.support.hosted_dagster import hosted_dagster, instance_of
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import rows
from ecom_platform_tests.support.waiting import wait_until
from infra.local.cloud import LocalCloud

pytestmark = pytest.mark.slow

DAYS = [f"2026-01-{day:02}" for day in range(5, 13)]
# Every other day: each is a run of its own, and two marts have two workers.
ASKED = DAYS[::2]
MARTS = ("daily_visitors", "daily_funnel")
SECONDS = 420
ROW = "{day} 10:00:{n:02} UTC,view,1,1,a.b,acme,10.00,{user},s"


def events() -> str:
    lines = [
        ROW.format(day=day, n=n, user=100 + n) for k, day in enumerate(DAYS) for n in range(k + 1)
    ]
    return "\n".join([HEADER, *lines, ""])


@pytest.mark.timeout(900)
def test_killed_in_the_midst_of_backfills_it_ends_them_and_every_day_is_right(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(events())
    with hosted_dagster(tmp_path) as hosted:
        instance = instance_of(hosted.home)
        assert "Postgres" in type(instance.run_storage).__name__
        batch = Batch.of(Settings.from_environment(), instance, say=lambda _: None)
        batch.prepare_catalog()
        deliver([path], Settings.from_environment())
        batch.take_in()
        batch.rebuild()
        before = {mart: len(batch_versions(batch, mart)) for mart in MARTS}
        hosted.start("webserver", "daemon")
        wait_until(hosted.answers, 120, "the web UI answers")
        asked = [hosted.backfill(("marts", mart), ASKED) for mart in MARTS]

        wait_until(lambda: workers(instance, asked) == len(MARTS), SECONDS, "two workers at once")
        hosted.kill()
        dead = fail_dead_runs(instance)
        assert len(dead) >= 1
        hosted.start("webserver", "daemon")
        wait_until(lambda: is_done(instance, asked), SECONDS, "both backfills end", pause=2)

        for mart in MARTS:
            built = batch_versions(batch, mart)
            assert len(built) >= before[mart] + len(ASKED)
        counts = rows(
            batch,
            "marts",
            "daily_visitors",
            "select event_date, visitor_count from {table} where audience = 'all' order by 1",
        )
        assert [(str(day), count) for day, count in counts] == [
            (day, n) for n, day in enumerate(DAYS, start=1)
        ]


def batch_versions(batch: Batch, mart: str) -> list[str]:
    """Records of every version of every day."""
    return batch.tables.objects.list_keys(f"marts/{mart}/_commits/")


def runs_of(instance: dg.DagsterInstance, backfills: list[str]) -> list[dg.DagsterRun]:
    return [
        run
        for one in backfills
        for run in instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": one}))
    ]


def workers(instance: dg.DagsterInstance, backfills: list[str]) -> int:
    return sum(run.status in AT_WORK for run in runs_of(instance, backfills))


def is_done(instance: dg.DagsterInstance, backfills: list[str]) -> bool:
    found = [instance.get_backfill(one) for one in backfills]
    return all(one is not None and one.status.value.startswith("COMPLETED") for one in found)
