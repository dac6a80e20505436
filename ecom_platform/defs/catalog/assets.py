"""The Glue tables: one asset each, above the assets that write them."""

import dagster as dg

from ecom_platform.contracts import TABLES, Table
from ecom_platform.resources.table_store import TableStore


def catalog_asset(table: Table) -> dg.AssetsDefinition:
    """The Glue table that a contract describes."""

    @dg.asset(
        key=dg.AssetKey(["catalog", table.name]),
        group_name="catalog",
        description=f"The Glue table `{table.layer}.{table.name}`, equal to its contract.",
        owners=[table.owner],
        kinds={"glue"},
        pool=f"catalog_{table.name}",
    )
    def glue_table(tables: TableStore) -> dg.MaterializeResult[None]:
        location = tables.objects.uri(f"{table.prefix}/")
        changes = tables.catalog.ensure_table(table, location)
        return dg.MaterializeResult(
            metadata={
                "database": tables.catalog.database(table),
                "columns": len(table.all_columns),
                "changes": ", ".join(changes) or "none",
            }
        )

    return glue_table


@dg.definitions
def catalog() -> dg.Definitions:
    return dg.Definitions(assets=[catalog_asset(table) for table in TABLES.values()])
