"""Atomic publication: the catalog changes last, one writer wins, and the catalog can be rebuilt."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pyarrow as pa
import pytest

from ecom_platform.batch import Batch
from ecom_platform.contracts import TABLES
from ecom_platform.pipeline.days import build_day, plan_days, publish_days, stale_plans
from ecom_platform.resources.glue_catalog import GlueCatalog
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.resources.table_store import Draft, PublishConflictError
from ecom_platform.settings import Settings
from ecom_platform.tables.commits import Commit, PublishedPartition
from ecom_platform.tables.parquet import arrow_schema, write_table
from ecom_platform_tests.support.places import HEADER
from infra.local.cloud import LocalCloud

EVENTS = TABLES["lake", "events"]
DAY = "2026-01-05"


def draft(batch: Batch, folder: Path, rows: int = 0) -> Draft:
    schema = arrow_schema(EVENTS.all_columns)
    table = pa.Table.from_pylist([{"product_id": n} for n in range(rows)], schema=schema)
    written = write_table(table, folder / "x.parquet")
    return Draft(DAY, tuple(batch.tables.upload(EVENTS, [((DAY,), written)])))


def placed(day: str, place: str) -> Draft:
    return Draft(day, (PublishedPartition((day,), f"s3://ecom-data-local/{place}/", 1, 1),))


def test_new_version_replaces_the_old_one_in_the_catalog(batch: Batch, tmp_path: Path) -> None:
    first = batch.tables.publish(EVENTS, [draft(batch, tmp_path, 1)])[0]
    second = batch.tables.publish(EVENTS, [draft(batch, tmp_path, 2)])[0]

    assert (first.number, second.number) == (1, 2)
    assert batch.tables.catalog.partitions(EVENTS) == list(second.partitions)
    assert first.partitions[0].location != second.partitions[0].location


def test_of_two_writers_of_one_version_the_second_changes_nothing(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = batch.tables.publish(EVENTS, [draft(batch, tmp_path, 1)])[0]
    late = draft(batch, tmp_path, 2)
    # The other writer listed the records before the first one put its own.
    monkeypatch.setattr(ObjectStore, "list_keys", lambda *_: [])

    with pytest.raises(PublishConflictError, match="lake/events 2026-01-05: version 1"):
        batch.tables.publish(EVENTS, [late])
    assert batch.tables.catalog.partitions(EVENTS) == list(shown.partitions)


def test_publication_that_meets_another_writer_shows_what_it_recorded(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = batch.tables.publish(EVENTS, [placed("2026-01-06", "other")])[0]
    monkeypatch.setattr(ObjectStore, "list_keys", lambda *_: [])

    with pytest.raises(PublishConflictError, match="lake/events 2026-01-06: version 1"):
        batch.tables.publish(EVENTS, [placed(DAY, "mine"), placed("2026-01-06", "mine")])

    shown = {p.values[0]: p.location for p in batch.tables.catalog.partitions(EVENTS)}
    assert shown == {
        DAY: "s3://ecom-data-local/mine/",
        "2026-01-06": other.partitions[0].location,
    }


def test_slower_of_two_writers_leaves_the_newer_version_in_sight(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = GlueCatalog.point

    def after_another(*arguments: Any) -> None:
        monkeypatch.setattr(GlueCatalog, "point", point)
        batch.tables.publish(EVENTS, [placed(DAY, "newer")])
        point(*arguments)

    monkeypatch.setattr(GlueCatalog, "point", after_another)
    batch.tables.publish(EVENTS, [placed(DAY, "older")])

    assert [commit.number for commit in batch.tables.commits(EVENTS)] == [2]
    shown = [part.location for part in batch.tables.catalog.partitions(EVENTS)]
    assert shown == ["s3://ecom-data-local/newer/"]


def test_table_that_was_never_published_has_no_partitions(cloud: LocalCloud) -> None:
    with dg.instance_for_test() as instance:
        batch = Batch.of(Settings.from_environment(), instance, say=lambda _: None)

        assert batch.tables.catalog.partitions(TABLES["marts", "daily_visitors"]) == []
        assert stale_plans(batch.tables) == []


def test_catalog_rebuilt_from_commit_records_equals_the_one_before(
    batch: Batch, tmp_path: Path
) -> None:
    batch.tables.publish(EVENTS, [draft(batch, tmp_path, 1)])
    batch.tables.publish(EVENTS, [draft(batch, tmp_path, 2)])
    before = batch.tables.catalog.partitions(EVENTS)
    glue = boto3.client("glue")
    glue.delete_table(DatabaseName="ecom_lake", Name="events")

    assert batch.tables.rebuild_catalog(EVENTS) == 1
    assert batch.tables.catalog.partitions(EVENTS) == before


def test_commit_survives_being_written_down() -> None:
    part = PublishedPartition((DAY,), "s3://b/x/", 3, 4)
    commit = Commit("lake/events", DAY, 7, (part,), {"inputs": {"a": "b"}})

    assert Commit.from_json(commit.to_json()) == commit
    assert commit.key == f"lake/events/_commits/{DAY}/000007.json"


def test_readers_of_a_day_are_stale_when_it_becomes_whole(
    batch: Batch, take_in: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(f"{HEADER}\n2026-01-05 10:00:00 UTC,view,1,1,a.b,acme,1.00,1,s\n")
    take_in(path)
    with batch.engine.lake_workspace() as (connection, folder):
        whole = build_day(plan_days(batch.tables)[0], connection, folder)
        partial = replace(whole, ledger=replace(whole.ledger, is_partial=True))
        commits = [publish_days([day], batch.tables, folder)[0] for day in (partial, whole)]

    first, second = (commit.partitions[0] for commit in commits)
    assert first.location == second.location
    assert first.content != second.content
