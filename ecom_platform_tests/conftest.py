"""What several tiers need: the real slice where it is at hand, and a fresh installation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.definitions import platform
from ecom_platform.resources.aws import forget_clients
from ecom_platform.settings import Settings
from ecom_platform_tests.support.places import REAL_SLICE
from infra.deploy import deploy
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port


@pytest.fixture(scope="session")
def real_slice() -> Path:
    """The real head of 2019-Oct.csv, which its owner lets nobody hand on."""
    if not REAL_SLICE.exists():
        pytest.skip(f"the real slice is not at {REAL_SLICE}")
    return REAL_SLICE


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """A local cloud of its own, deployed, with the environment that points at it."""
    cloud = LocalCloud(tmp_path / "cloud", free_port())
    cloud.start()
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ECOM_DATA_BUCKET", deploy("local")["DataBucketName"])
    monkeypatch.setenv("ECOM_AWS_PROFILE", "ecom-batch")
    monkeypatch.setenv("ECOM_PRODUCER_PROFILE", "ecom-producer")
    monkeypatch.setenv("ECOM_CLEANER_PROFILE", "ecom-cleaner")
    monkeypatch.setenv("ECOM_OBSERVER_PROFILE", "ecom-observer")
    monkeypatch.setenv("ECOM_SCRATCH_DIR", str(tmp_path))
    forget_clients()
    yield cloud
    forget_clients()
    cloud.stop()


@pytest.fixture
def batch(cloud: LocalCloud) -> Iterator[Batch]:
    """The platform on that cloud, with its catalog prepared."""
    with dg.instance_for_test() as instance:
        found = Batch(platform(), instance, say=lambda _: None)
        found.prepare_catalog()
        yield found


@pytest.fixture
def take_in(batch: Batch) -> Callable[..., dict[str, str]]:
    """Deliver files, stage them and rebuild what changed; returns the refused ones."""

    def run(*paths: Path) -> dict[str, str]:
        deliver(paths, Settings.from_environment())
        refused = batch.take_in()
        batch.rebuild()
        return refused

    return run
