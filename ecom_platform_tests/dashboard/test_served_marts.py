"""From the lake to PostgreSQL through Dagster: what changed and no more, and the same pictures."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks.fresh_platform import fresh_database
from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import marts
from ecom_platform.dashboard.pages import PAGES
from ecom_platform.dashboard.policy import DEMO_FILE, read_policy
from ecom_platform.dashboard.queries import AUDIENCES, Selection
from ecom_platform.definitions import definitions_on
from ecom_platform.defs.database.sensors import mart_database_sensor
from ecom_platform.pipeline.mart_database import days_to_publish, publish_days
from ecom_platform.resources.mart_database import MartDatabase
from ecom_platform.settings import Settings
from ecom_platform.webapp.ask import Questions
from ecom_platform.webapp.reading import Reader
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.ticks import Ticks

POLICY = read_policy(DEMO_FILE)
SERVED = [("database", "marts")]
DAYS = (date(2026, 1, 4), date(2026, 1, 7))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MartDatabase]:
    with fresh_database(tmp_path_factory.mktemp("served"), POLICY) as found:
        yield found


@pytest.fixture(scope="module")
def serving(batch: Batch, database: MartDatabase) -> Batch:
    """The platform with that database, filled."""
    found = with_database(batch, database)
    found.run("the database", SERVED)
    return found


def with_database(batch: Batch, database: MartDatabase) -> Batch:
    resources = replace(batch.resources, mart_database=database)
    return replace(batch, resources=resources, definitions=definitions_on(resources))


def test_every_day_of_every_mart_is_there(serving: Batch, database: MartDatabase) -> None:
    there = database.published()
    for mart in marts.TABLES:
        parts = serving.tables.catalog.partitions(mart)
        assert {day for name, day in there if name == mart.name} == {
            date.fromisoformat(part.values[0]) for part in parts
        }
    assert days_to_publish(serving.tables, database) == []
    ticks = Ticks(mart_database_sensor, serving)
    assert ticks.tick() == []
    assert "every day" in (ticks.skipped or "")


@pytest.mark.parametrize("user", POLICY.users)
def test_a_page_is_the_same_from_both(user: str, serving: Batch, database: MartDatabase) -> None:
    from_lake, from_database = (
        Reader(serving.resources),
        Reader(serving.resources, database.reader()),
    )
    scope = POLICY.scope_of(user)
    for chart in (chart for page in PAGES.values() for chart in page.charts):
        for audience in AUDIENCES:
            selection = Selection(*DAYS, audience)
            expected = from_lake.chart(chart, selection, scope)
            found = from_database.chart(chart, selection, scope)
            assert found.column_names == expected.column_names
            same = [pytest.approx(row, nan_ok=True) for row in expected.to_pylist()]
            assert found.to_pylist() == same, (chart.name, audience)


def test_a_question_sees_the_days_that_were_asked_for_and_no_others(
    serving: Batch, database: MartDatabase
) -> None:
    """What may be chosen, and what is said of a figure, follow from a few days too."""
    readers = (Reader(serving.resources), Reader(serving.resources, database.reader()))
    scope = POLICY.scope_of("owner")
    names, said = [], []
    for reader in readers:
        names.append(
            [
                reader.names(
                    marts.DAILY_BRAND_CATEGORY_ACTIVITY, "brand", Selection(day, day), scope
                )
                for day in DAYS
            ]
        )
        questions = Questions(reader, scope)
        said.append([questions.explain_figure("abandonment", day) for day in DAYS])
    assert names[0] == names[1]
    assert names[0][0] != names[0][1], "days differ in their brands, else this says nothing"
    assert said[0] == said[1]


def test_what_changed_is_published_and_no_more(
    serving: Batch, database: MartDatabase, tmp_path: Path
) -> None:
    row = "2026-01-07 10:00:00 UTC,purchase,1,2053013555631882655,a.b,acme,10.00,987654,s1"
    path = tmp_path / "late.csv"
    path.write_text(f"{HEADER}\n{row}\n")
    deliver([path], Settings.from_environment())
    serving.take_in()
    serving.rebuild()
    stale = days_to_publish(serving.tables, database)
    assert {one.day for one in stale if one.mart == marts.DAILY_FUNNEL} == {date(2026, 1, 7)}
    before = database.published()
    ticks = Ticks(mart_database_sensor, serving)
    (first,), (again,) = ticks.tick(), ticks.tick()
    assert first.run_key == again.run_key, "asked for once, until the hour is over"
    publish_days(stale[:1], serving.engine, database, print)
    (meanwhile,) = ticks.tick()
    assert meanwhile.run_key == first.run_key, "a run that is at it is not asked for again"
    serving.run("the database", SERVED)
    changed = {key for key, version in database.published().items() if before.get(key) != version}
    assert changed == {(one.mart.name, one.day) for one in stale}


def test_without_a_database_nothing_runs(batch: Batch) -> None:
    without = with_database(batch, MartDatabase())
    ticks = Ticks(mart_database_sensor, without)
    assert ticks.tick() == []
    assert "ECOM_MART_DATABASE" in (ticks.skipped or "")
    with pytest.raises(RunFailedError, match="ECOM_MART_DATABASE"):
        without.run("the database", SERVED)
