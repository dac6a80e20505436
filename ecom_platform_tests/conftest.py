"""What several tiers need: the real slice where it is at hand, and a fresh installation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.resources.aws import CLIENTS
from ecom_platform.settings import Settings
from ecom_platform_tests.support.flink_environment import allowed
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
    try:
        for name, value in cloud.installation().items():
            monkeypatch.setenv(name, value)
        deploy("local")
        monkeypatch.setenv("ECOM_SCRATCH_DIR", str(tmp_path))
        CLIENTS.forget()
        yield cloud
    finally:
        CLIENTS.forget()
        cloud.stop()


@pytest.fixture
def batch(cloud: LocalCloud) -> Iterator[Batch]:
    """The platform on that cloud, with its catalog prepared; its runs are kept in memory."""
    with dg.DagsterInstance.ephemeral() as instance:
        found = Batch.of(Settings.from_environment(), instance, say=lambda _: None)
        found.prepare_catalog()
        yield found


@pytest.fixture
def take_in(batch: Batch) -> Callable[..., dict[str, str]]:
    """Deliver files, stage them and rebuild what changed; returns the refused ones of them."""

    def run(*paths: Path) -> dict[str, str]:
        deliver(paths, Settings.from_environment())
        read = batch.take_in()
        batch.rebuild()
        verdicts = [one for one in batch.verdicts() if one.file.file_id in read]
        return {one.file.file_id: one.refusal for one in verdicts if one.refusal}

    return run


@pytest.fixture(scope="session")
def flink() -> Iterator[None]:
    """Flink may run beside: it takes minutes, and an environment of its own.

    Whoever asks for it is marked, so that no test of the quick tier starts one.
    """
    with allowed():
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and "flink" in item.fixturenames:
            item.add_marker(pytest.mark.flink)
