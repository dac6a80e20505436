"""`streaming/product_affinity`: what goes with a product, where the functions look it up."""

import dagster as dg

from ecom_platform.contracts.buyer_marts import PRODUCT_AFFINITY
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.streaming.assets import OWNER
from ecom_platform.pipeline.affinities import serve_affinities
from ecom_platform.resources.affinity_table import AffinityTable
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

SERVED_AFFINITY = dg.AssetKey(["streaming", "product_affinity"])


@dg.asset(
    key=SERVED_AFFINITY,
    group_name="streaming",
    owners=[OWNER],
    kinds={"dynamodb"},
    deps=[dg.AssetKey(PRODUCT_AFFINITY.key)],
    pool="streaming_product_affinity",
    automation_condition=dg.AutomationCondition.any_deps_updated()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress(),
)
def product_affinity(
    context: dg.AssetExecutionContext,
    tables: TableStore,
    engine: QueryEngine,
    affinity_table: AffinityTable,
) -> dg.MaterializeResult[None]:
    """One item a product, in DynamoDB: what goes with it, of the last Sunday that the mart has."""
    with trying_again(context):
        day, count = serve_affinities(tables, engine, affinity_table)
    if day is None:
        context.log.info("the mart has no rows yet: it has some on Sundays")
    return dg.MaterializeResult(metadata={"day": str(day), "products": count})
