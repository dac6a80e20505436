"""The platform in this process on a local cloud of its own, for what is timed here.

What does not belong here: `benchmarks.batch`, whose programs run apart from their cloud.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import dagster as dg

from ecom_platform.batch import Batch
from ecom_platform.settings import Settings
from infra.deploy import deploy
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
