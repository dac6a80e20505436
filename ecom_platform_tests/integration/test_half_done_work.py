"""Writers that die or meet between two steps: what they leave is seen and finished."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ecom_platform.batch import Batch, RunFailedError
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import Table
from ecom_platform.contracts.lake import EVENT_DAYS, EVENTS, STAGED_EVENTS
from ecom_platform.defs.lake import assets
from ecom_platform.pipeline.days import row_counts_by_day
from ecom_platform.pipeline.file_verdicts import read_files
from ecom_platform.resources.glue_catalog import GlueCatalog
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.settings import Settings
from ecom_platform.tables.commits import Commit
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import check_conservation, rows

DAYS = ("2026-01-05", "2026-01-06")


def put(folder: Path, name: str, *days: str) -> None:
    lines = [f"{day} 10:00:0{n} UTC,view,1,1,a.b,acme,10.00,{n},s" for n, day in enumerate(days)]
    (folder / name).write_text("\n".join([HEADER, *lines]) + "\n")
    deliver([folder / name], Settings.from_environment())


def died(*_: object) -> Any:
    raise dg.Failure("died here", allow_retries=False)


def test_file_whose_writer_died_before_its_parts_is_read_again(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = TableStore.publish

    def dies_before_parts(store: TableStore, table: Table, drafts: list[Draft]) -> list[Commit]:
        return died() if table is STAGED_EVENTS else publish(store, table, drafts)

    put(tmp_path, "a.csv", *DAYS)
    monkeypatch.setattr(TableStore, "publish", dies_before_parts)
    with pytest.raises(RunFailedError, match="died here"):
        batch.take_in()
    assert read_files(batch.tables) == set()
    monkeypatch.setattr(TableStore, "publish", publish)

    assert len(batch.take_in()) == 1
    batch.rebuild()

    assert len(read_files(batch.tables)) == 1
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(2,)]
    check_conservation(batch)


def test_days_that_were_published_but_not_recorded_are_recorded_by_the_next_run(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build() -> None:
        keys = [EVENTS.key, EVENT_DAYS.key]
        batch.run("days", keys, span=("2026-01-05", "2026-01-06"))

    def recorded() -> dict[str, int]:
        counts = {}
        for table in (EVENTS, EVENT_DAYS):
            found = batch.instance.get_materialized_partitions(dg.AssetKey(table.key))
            counts[table.name] = len(found)
        return counts

    put(tmp_path, "a.csv", *DAYS)
    batch.take_in()
    count_rows = row_counts_by_day
    monkeypatch.setattr(assets, "row_counts_by_day", died)
    with pytest.raises(RuntimeError, match="died here"):
        build()
    assert [commit.number for commit in batch.tables.commits(EVENTS)] == [1, 1]
    assert recorded() == {"events": 0, "event_days": 0}
    monkeypatch.setattr(assets, "row_counts_by_day", count_rows)

    build()
    assert recorded() == {"events": 2, "event_days": 2}

    build()
    events = batch.instance.fetch_materializations(dg.AssetKey(EVENTS.key), limit=10).records
    assert sorted(str(record.partition_key) for record in events) == list(DAYS)


def test_version_that_was_recorded_but_not_shown_is_shown_by_one_build(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.csv", *DAYS)
    batch.take_in()
    batch.rebuild()
    put(tmp_path, "a.csv", *DAYS, *DAYS)
    batch.take_in()
    point = GlueCatalog.point

    def dies_at_marts_and_events(catalog: GlueCatalog, table: Table, parts: object) -> None:
        point(catalog, table, parts) if table is EVENT_DAYS else died()  # type: ignore[arg-type]

    monkeypatch.setattr(GlueCatalog, "point", dies_at_marts_and_events)
    with pytest.raises(RuntimeError, match="died here"):
        batch.rebuild()
    monkeypatch.setattr(GlueCatalog, "point", point)
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(2,)]

    assert batch.rebuild() == [date(2026, 1, 5), date(2026, 1, 6)]
    assert rows(batch, "lake", "events", "select count(*) from {table}") == [(4,)]
    assert rows(batch, "marts", "daily_funnel", "select count(*) > 0 from {table}") == [(True,)]
    assert batch.rebuild() == []
