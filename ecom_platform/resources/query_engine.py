"""The query engine: DuckDB over the data bucket, under the platform's role.

What does not belong here: Athena, which may compute marts in its place (`athena`).
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import dagster as dg
import duckdb
import duckdb_extension_httpfs

from ecom_platform.contracts import Table
from ecom_platform.resources.athena import Athena
from ecom_platform.resources.aws import CLIENTS
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform.tables.literals import literal
from ecom_platform.tables.parquet import ENGINE_TYPES

SMALL_ROWS = 50_000
"""So many rows fit into memory beside anything."""

_EXTENSIONS = Path(duckdb_extension_httpfs.__file__).parent / "extensions"


class ForeignLocationError(ValueError):
    """The catalog names a place outside of the data bucket; `make rebuild-catalog` mends it."""


class QueryEngine(dg.ConfigurableResource):  # type: ignore[type-arg]
    """DuckDB with bounded memory, spilling to a scratch folder of its own.

    Attributes:
        objects: the data bucket.
        scratch_dir: where it spills.
        memory_limit: when it does.
        athena: who computes marts in its place; DuckDB then reads and checks the answers.

    """

    objects: ObjectStore
    scratch_dir: str
    memory_limit: str
    athena: Athena | None = None

    @contextmanager
    def workspace(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
        """A connection that reaches nothing but a folder, which is gone afterwards."""
        with self._workspace() as (connection, folder):
            connection.execute(f"set allowed_directories = [{literal(f'{folder}/')}]")
            connection.execute("set enable_external_access = false")
            yield connection, folder

    @contextmanager
    def _workspace(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
        with (
            tempfile.TemporaryDirectory(dir=self.scratch_dir, prefix="ecom-") as folder,
            duckdb.connect(config={"memory_limit": self.memory_limit}) as connection,
        ):
            connection.execute(f"set temp_directory = {literal(f'{folder}/spill')}")
            # Rows of a table have no order; keeping one would cost memory.
            connection.execute("set preserve_insertion_order = false")
            # Kept, for `progress` to ask, but never printed.
            connection.execute("set enable_progress_bar = true")
            connection.execute("set enable_progress_bar_print = false")
            yield connection, Path(folder)

    @contextmanager
    def lake_workspace(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
        """The same, with `s3://` in reach."""
        with self._workspace() as (connection, folder):
            self._reach_s3(connection)
            yield connection, folder

    def show(
        self,
        connection: duckdb.DuckDBPyConnection,
        inputs: Mapping[Table, Sequence[PublishedPartition]],
    ) -> None:
        """Make tables readable under the names that SQL knows them by, `lake.events`."""
        for table, partitions in inputs.items():
            self._show(connection, table, partitions, "view")

    def show_once_read(
        self,
        connection: duckdb.DuckDBPyConnection,
        inputs: Mapping[Table, Sequence[PublishedPartition]],
    ) -> None:
        """The same, but a small table is read now and kept: a query that names it several times
        would ask S3 for its many small files each time.
        """
        for table, partitions in inputs.items():
            is_small = sum(part.row_count for part in partitions) <= SMALL_ROWS
            self._show(connection, table, partitions, "table" if is_small else "view")

    def _show(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        partitions: Sequence[PublishedPartition],
        kind: Literal["view", "table"],
    ) -> None:
        connection.execute(f"create schema if not exists {table.layer}")
        places = [self.own_location(part.location) for part in partitions]
        connection.execute(
            f"create or replace {kind} {table.layer}.{table.name} as {relation(table, places)}"
        )

    def own_location(self, location: str) -> str:
        """The location, if it lies in the data bucket: the catalog is written by others too.

        Raises:
            ForeignLocationError: it does not.

        """
        if not location.startswith(self.objects.uri("")):
            raise ForeignLocationError(f"{location} is not in {self.objects.uri('')}")
        return location

    def _reach_s3(self, connection: duckdb.DuckDBPyConnection) -> None:
        extension = next(_EXTENSIONS.glob("*/httpfs.duckdb_extension"))
        connection.execute(f"load '{extension}'")
        client = self.objects.client
        found = CLIENTS.session(self.objects.profile).get_credentials()
        if found is None:
            raise dg.Failure("no AWS credentials; set AWS_PROFILE or ECOM_AWS_PROFILE")
        credentials = found.get_frozen_credentials()
        scheme, host = client.meta.endpoint_url.split("://")
        options = {
            "type": "s3",
            "key_id": literal(credentials.access_key or ""),
            "secret": literal(credentials.secret_key or ""),
            "session_token": literal(credentials.token or ""),
            "region": literal(client.meta.region_name),
        }
        if not re.search(r"\.amazonaws\.com", host):
            options |= {"endpoint": literal(host), "url_style": "'path'"}
        options["use_ssl"] = str(scheme == "https").lower()
        settings = ", ".join(f"{name} {value}" for name, value in options.items())
        connection.execute(f"create secret data_bucket ({settings})")


def relation(table: Table, locations: Sequence[str]) -> str:
    """A query over the Parquet of some partitions; without any, one that is empty but typed."""
    if not locations:
        nulls = ", ".join(
            f"null::{ENGINE_TYPES[column.type]} as {column.name}" for column in table.all_columns
        )
        return f"select {nulls} where false"
    files = ", ".join(literal(f"{location}*.parquet") for location in locations)
    return f"select * from read_parquet([{files}], union_by_name = false)"
