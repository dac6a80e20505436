"""Publishing marts to PostgreSQL: the days whose version there is not the one that readers see.

That comparison alone decides, as everywhere; nothing is remembered of runs that died.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from ecom_platform.contracts import Table, marts
from ecom_platform.pipeline.files import Say
from ecom_platform.resources.mart_database import MartDatabase
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore
from ecom_platform.tables.commits import PublishedPartition

BATCH_ROWS = 50_000


@dataclass(frozen=True)
class ShownDay:
    """A day of a mart, in the version that readers of the lake see."""

    mart: Table
    part: PublishedPartition

    @property
    def day(self) -> date:
        return date.fromisoformat(self.part.values[0])


def days_to_publish(tables: TableStore, database: MartDatabase) -> list[ShownDay]:
    """The stale days of all marts, mart by mart."""
    return stale_among(shown_days(tables), database)


def shown_days(tables: TableStore) -> list[ShownDay]:
    """Every day of every mart as readers of the lake see it."""
    return [
        ShownDay(mart, part) for mart in marts.TABLES for part in tables.catalog.partitions(mart)
    ]


def stale_among(shown: Sequence[ShownDay], database: MartDatabase) -> list[ShownDay]:
    """Those of some days that the database has in another version, or not at all."""
    published = database.published()
    return [one for one in shown if published.get((one.mart.name, one.day)) != one.part.version]


def publish_days(
    stale: Sequence[ShownDay], engine: QueryEngine, database: MartDatabase, say: Say
) -> int:
    """Put days into the database, each in one transaction; returns how many rows.

    Raises:
        RowsNotLoadedError: a day has other rows than its version says.

    """
    row_count = 0
    with engine.lake_workspace() as (connection, _), database.loading() as loader:
        for mart, days in groupby(stale, lambda one: one.mart):
            of_mart = list(days)
            for one in of_mart:
                engine.show(connection, {mart: [one.part]})
                rows = connection.execute(f"from {mart.layer}.{mart.name}").to_arrow_reader(
                    BATCH_ROWS
                )
                loader.replace(mart, one.day, one.part.version, rows, one.part.row_count)
            loader.clean(mart)
            rows_of_mart = sum(one.part.row_count for one in of_mart)
            row_count += rows_of_mart
            say(f"{mart.name}: {len(of_mart)} days, {rows_of_mart:,} rows are in the database")
    return row_count
