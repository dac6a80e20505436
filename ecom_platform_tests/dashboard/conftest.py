"""A small shop that is built once for the tests of a file."""

from collections.abc import Iterator

import dagster as dg
import pytest
import streamlit as st

from benchmarks.fresh_platform import fresh_database
from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import marts
from ecom_platform.dashboard.policy import DEMO_FILE, read_policy
from ecom_platform.resources.mart_database import MartDatabase, MartReader
from ecom_platform.settings import Settings
from ecom_platform_tests.dashboard.made_up import table_of
from ecom_platform_tests.dashboard.small_shop import event_files
from ecom_platform_tests.support.clouds import local_cloud
from ecom_platform_tests.support.postgres import load
from infra.deploy import deploy


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    """The platform over that shop."""
    folder = tmp_path_factory.mktemp("dashboard")
    with local_cloud(folder) as cloud, pytest.MonkeyPatch.context() as patch:
        deploy("local")
        for name, value in cloud.installation().items():
            patch.setenv(name, value)
        patch.setenv("ECOM_SCRATCH_DIR", str(folder))
        st.cache_resource.clear()
        with dg.DagsterInstance.ephemeral() as instance:
            found = Batch.of(Settings.from_environment(), instance, say=lambda _: None)
            found.prepare_catalog()
            deliver(event_files(folder / "files"), Settings.from_environment())
            found.take_in()
            found.rebuild()
            yield found
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MartDatabase]:
    """A PostgreSQL that follows the demo's policy, with made-up rows of every mart."""
    with fresh_database(tmp_path_factory.mktemp("marts"), read_policy(DEMO_FILE)) as found:
        with found.loading() as loader:
            for mart in marts.TABLES:
                load(loader, mart, table_of(mart))
        yield found


@pytest.fixture(scope="module")
def reader(database: MartDatabase) -> Iterator[MartReader]:
    found = database.reader()
    yield found
    found.close()
