"""Days of a mart that another engine computed: published as DuckDB's own, or not at all."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ecom_platform.batch import Batch
from ecom_platform.contracts import marts
from ecom_platform.contracts.lake import EVENT_DAYS, EVENTS
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.defs.marts.assets import chunk_outcomes
from ecom_platform.pipeline import marts as building
from ecom_platform.pipeline.marts import InputsChangedError, MartChunk, build_chunk, stale_days
from ecom_platform.pipeline.restatements import Run
from ecom_platform.resources.athena import Athena, Unloaded
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import records, rows

MART = marts.DAILY_FUNNEL
DAYS = [date(2026, 1, day) for day in (5, 6, 7)]
ROW = "{day} 10:00:0{n} UTC,{kind},{n},2053013555631882655,a.b,acme,10.00,{n},s{n}"

Deliver = Callable[..., dict[str, str]]
InAthenasPlace = Callable[[Callable[[], object]], list[str]]


def export(folder: Path, name: str, views: int) -> Path:
    lines = [ROW.format(day=day, kind="view", n=n) for day in DAYS for n in range(views)]
    path = folder / name
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def computed(batch: Batch, days: list[date]) -> MartChunk:
    athena = Athena(work_group="ecom-marts", database_prefix="ecom_")
    engine = batch.engine.model_copy(update={"athena": athena})
    return build_chunk(MART, days, batch.tables, engine, Run(lambda _: None))


@pytest.fixture
def in_athenas_place(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> InAthenasPlace:
    """DuckDB runs the SELECT inside each UNLOAD, after something happened; the places asked for."""

    def prepared(meanwhile: Callable[[], object]) -> list[str]:
        places: list[str] = []

        def unload(_: Athena, select: str, place: str) -> Unloaded:
            if not places:
                meanwhile()
            places.append(place)
            sql = select.replace("ecom_lake.", "lake.").replace("ecom_marts.", "marts.")
            with batch.engine.lake_workspace() as (connection, _folder):
                read = {
                    table: batch.tables.locations(table, DAYS[0], DAYS[-1])
                    for table in (EVENTS, EVENT_DAYS, BOT_VERDICTS)
                }
                batch.engine.show(connection, read)
                connection.execute(f"copy ({sql}) to '{place}0' (format parquet)")
            return Unloaded(f"q{len(places)}", 20_000_000, 1.0)

        monkeypatch.setattr(Athena, "unload", unload)
        return places

    return prepared


def test_computed_days_are_those_of_duckdb_and_no_other_day_changes(
    batch: Batch,
    take_in: Deliver,
    tmp_path: Path,
    in_athenas_place: InAthenasPlace,
) -> None:
    take_in(export(tmp_path, "a.csv", 3))
    before = records(batch, *MART.key)
    shown = {part.values[0]: part.location for part in batch.tables.catalog.partitions(MART)}
    places = in_athenas_place(lambda: None)

    chunk = computed(batch, [DAYS[0], DAYS[2]])

    assert len(places) == len(set(places)) == 2, "a query an audience, each to its own place"
    assert sorted(map(str, records(batch, *MART.key))) == sorted(map(str, before))
    now = {part.values[0]: part.location for part in batch.tables.catalog.partitions(MART)}
    assert {day for day in now if now[day] != shown[day]} == {str(DAYS[0]), str(DAYS[2])}
    assert stale_days(MART, batch.tables) == []
    told = [outcome.metadata for outcome in chunk_outcomes(chunk, 1.0)]
    assert ["athena_queries" in one for one in told] == [False, True]
    assert told[1]["athena_queries"] == "q1, q2"
    assert (told[1]["athena_scanned_bytes"], told[1]["athena_usd"]) == (40_000_000, 0.0002)


def test_inputs_that_change_meanwhile_publish_nothing(
    batch: Batch,
    take_in: Deliver,
    tmp_path: Path,
    in_athenas_place: InAthenasPlace,
) -> None:
    take_in(export(tmp_path, "a.csv", 3))
    in_athenas_place(lambda: take_in(export(tmp_path, "b.csv", 4)))
    before = rows(batch, *MART.key)

    with pytest.raises(InputsChangedError, match="daily_funnel reads was published anew"):
        computed(batch, DAYS)

    # What the other run has built meanwhile stands.
    assert rows(batch, *MART.key) != before
    assert stale_days(MART, batch.tables) == []


def test_a_step_that_asks_athena_takes_all_days_at_once(
    batch: Batch, take_in: Deliver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(export(tmp_path, "a.csv", 3))
    monkeypatch.setattr(building, "CHUNK_ROWS", 4)
    bounded = list(building.chunks_of(DAYS, batch.tables, MART))
    assert [len(chunk) for chunk in bounded] == [1, 1, 1]
    assert list(building.chunks_of(DAYS, batch.tables, MART, is_bounded=False)) == [DAYS]
