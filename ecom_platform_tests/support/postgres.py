"""A PostgreSQL of a test's own, with the marts' tables and a policy in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.policy import Policy
from ecom_platform.resources.mart_database import Loader, MartDatabase
from infra.local import postgres
from infra.local.ports import free_port

ADMIN = postgres.ADMIN


@contextmanager
def mart_database(folder: Path, policy: Policy) -> Iterator[MartDatabase]:
    """A database that follows a policy; libpq finds its password while it runs."""
    # Where root runs the tests the server is run by somebody else, who must come through.
    for parent in (folder, *folder.parents):
        if parent.owner() == "root" and parent.stat().st_mode & 0o001 == 0:
            parent.chmod(parent.stat().st_mode | 0o001)
    with (
        postgres.running(folder / "postgres", free_port()) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("PGPASSFILE", str(server.password_file))
        database = MartDatabase(url=server.url())
        database.prepare(policy, ADMIN)
        yield database


def load(loader: Loader, mart: Table, rows: pa.Table, version: str = "v1") -> None:
    """Put the rows of a mart into the database, a day at a time."""
    for day in rows["event_date"].unique().to_pylist():
        of_day = rows.filter(pa.compute.equal(rows["event_date"], day))
        loader.replace(mart, day, version, of_day.to_batches(), of_day.num_rows)
