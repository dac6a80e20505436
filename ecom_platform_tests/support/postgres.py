"""Filling the marts of a PostgreSQL from tables at hand."""

import pyarrow as pa

from ecom_platform.contracts.table import Table
from ecom_platform.resources.mart_database import Loader


def load(loader: Loader, mart: Table, rows: pa.Table, version: str = "v1") -> None:
    """Put the rows of a mart into the database, a day at a time."""
    for day in rows["event_date"].unique().to_pylist():
        of_day = rows.filter(pa.compute.equal(rows["event_date"], day))
        loader.replace(mart, day, version, of_day.to_batches(), of_day.num_rows)
