"""`database/marts`: every mart in PostgreSQL, as readers of the lake see it."""

import dagster as dg

from ecom_platform.contracts import marts
from ecom_platform.contracts.lake import OWNER
from ecom_platform.defs.retries import trying_again
from ecom_platform.pipeline.mart_database import days_to_publish, publish_days
from ecom_platform.resources.mart_database import MartDatabase
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

SERVED_MARTS = dg.AssetKey(["database", "marts"])


@dg.asset(
    key=SERVED_MARTS,
    group_name="database",
    owners=[OWNER],
    kinds={"postgres"},
    deps=[dg.AssetKey(mart.key) for mart in marts.TABLES],
    pool="database_marts",
)
def served_marts(
    context: dg.AssetExecutionContext,
    tables: TableStore,
    engine: QueryEngine,
    mart_database: MartDatabase,
) -> dg.MaterializeResult[None]:
    """All marts in PostgreSQL, under row security: a day at a time, old or new but never half."""
    with trying_again(context):
        stale = days_to_publish(tables, mart_database)
        row_count = publish_days(stale, engine, mart_database, context.log.info)
    return dg.MaterializeResult(metadata={"days": len(stale), "rows": row_count})
