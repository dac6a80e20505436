"""The platform in this process on a local cloud of its own, or its database, for what is timed here
and for tests.

What does not belong here: `benchmarks.batch`, whose programs run apart from their cloud.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import dagster as dg

from ecom_platform.batch import Batch
from ecom_platform.dashboard.policy import Policy
from ecom_platform.resources.mart_database import MartDatabase
from ecom_platform.settings import Settings
from infra.deploy import deploy
from infra.local import postgres
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

WORK = Path(__file__).parents[1] / ".benchmarks"


@contextmanager
def fresh_platform(folder: Path, say: Callable[[str], None] = print) -> Iterator[Batch]:
    """A platform with an empty catalog, whose state lies in a folder."""
    cloud = LocalCloud(folder / "cloud", free_port())
    cloud.start()
    try:
        variables = {**cloud.installation(), "ECOM_SCRATCH_DIR": str(folder)}
        with patch.dict(os.environ, variables), dg.DagsterInstance.ephemeral() as instance:
            deploy("local")
            batch = Batch.of(Settings.from_environment(), instance, say)
            batch.prepare_catalog()
            yield batch
    finally:
        cloud.stop()


@contextmanager
def fresh_database(folder: Path, policy: Policy) -> Iterator[MartDatabase]:
    """A PostgreSQL with empty marts that follows a policy; libpq finds its password meanwhile."""
    let_through(folder)
    with (
        postgres.running(folder / "postgres", free_port()) as server,
        patch.dict(os.environ, {"PGPASSFILE": str(server.password_file)}),
    ):
        database = MartDatabase(url=server.url())
        database.prepare(policy, postgres.ADMIN)
        yield database


def let_through(folder: Path) -> None:
    """Where root runs this, the server is run by somebody else, who must come through."""
    for one in (folder, *folder.parents):
        mode = one.stat().st_mode
        if one.owner() == "root" and mode & 0o001 == 0:
            one.chmod(mode | 0o001)
