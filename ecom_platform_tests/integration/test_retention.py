"""Old versions are removed, and nothing that anybody reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from ecom_platform.batch import Batch
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.defs.catalog.retention import remove_old_versions
from ecom_platform_tests.support.places import HEADER
from ecom_platform_tests.support.tables import all_marts, rows

TakeIn = Callable[..., dict[str, str]]
NOW = datetime.now(UTC).replace(tzinfo=None)


def write(path: Path, *users: int) -> Path:
    lines = [f"2026-01-05 10:00:00 UTC,view,1,1,a.b,acme,10.00,{user},s" for user in users]
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


@pytest.mark.slow
def test_replaced_versions_go_after_a_day_and_the_tables_stay(
    batch: Batch, take_in: TakeIn, tmp_path: Path
) -> None:
    cleaner = batch.resources.cleaner
    take_in(write(tmp_path / "a.csv", 1))
    take_in(write(tmp_path / "b.csv", 2, 3))
    take_in(write(tmp_path / "a.csv", 4))
    marts = all_marts(batch)
    events = sorted(rows(batch, "lake", "events"))

    assert remove_old_versions(cleaner, NOW) == (0, 0)
    count, size = remove_old_versions(cleaner, NOW + timedelta(days=2))

    assert count > 10
    assert size > 1000
    assert all_marts(batch) == marts
    assert sorted(rows(batch, "lake", "events")) == events
    assert remove_old_versions(cleaner, NOW + timedelta(days=2)) == (0, 0)
    batch.tables.rebuild_catalog(EVENTS)
    assert sorted(rows(batch, "lake", "events")) == events
    # A file that is staged but not counted any more can still be counted again.
    take_in(write(tmp_path / "a.csv", 1))
    users = rows(batch, "lake", "events", "select user_id from {table} order by user_id")
    assert users == [(1,), (2,), (3,)]


def test_cleaner_may_delete_versions_and_nothing_else(batch: Batch) -> None:
    s3 = boto3.Session(profile_name="ecom-cleaner").client("s3")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="ecom-data-local", Key="raw/exports/data/a.csv")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="ecom-data-local", Key="lake/events/data/x", Body=b"")
