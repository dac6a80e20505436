"""Whatever ends while 30 days are rebuilt, readers see whole days and the end is the same."""

import boto3
import pytest

from ecom_platform.batch import Batch
from ecom_platform.contracts import TABLES
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform_tests.e2e.crashes import Moment, Theatre, seeded_moments

pytestmark = pytest.mark.slow

Shown = dict[str, list[PublishedPartition] | str | None]


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Theatre:
    return Theatre.build(tmp_path_factory.mktemp("theatre") / "stage", events_per_day=300)


@pytest.mark.timeout(1500)
def test_kills_of_run_daemon_and_tree_leave_the_tables_of_a_calm_run(theatre: Theatre) -> None:
    report = theatre.rehearse(seeded_moments(3, 7, ["run", "daemon", "tree"]))

    assert report.is_good, str(report)
    assert report.restarts == 2


@pytest.mark.timeout(1500)
def test_restart_of_the_local_cloud_leaves_the_tables_of_a_calm_run(theatre: Theatre) -> None:
    report = theatre.rehearse([Moment("cloud", 0.4, 0.2)])

    assert report.is_good, str(report)
    assert report.restarts == 0

    with theatre.installation.entered(), theatre.installation.cloud_up():
        batch = theatre.installation.batch()
        before = shown(batch)
        glue = boto3.client("glue")
        for table in TABLES.values():
            glue.delete_table(DatabaseName=table.layer, Name=table.name)
        assert not any(shown(batch).values())

        for table in TABLES.values():
            batch.tables.rebuild_catalog(table)
        assert shown(batch) == before


def shown(batch: Batch) -> Shown:
    """What the catalog shows of every table."""
    catalog = batch.tables.catalog
    return {
        table.path: catalog.partitions(table)
        if table.partition_columns
        else catalog.table_location(table)
        for table in TABLES.values()
    }
