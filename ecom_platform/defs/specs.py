"""What Dagster shows of a table, taken from its contract."""

from collections.abc import Iterable, Mapping

import dagster as dg

from ecom_platform.contracts import Table
from ecom_platform.contracts.table import Column

KINDS = {"raw": {"s3"}, "lake": {"s3", "parquet"}, "marts": {"duckdb", "parquet"}}

FOLLOWS_ITS_INPUTS = (
    dg.AutomationCondition.eager()
    # Late rows change old days, and a window at the edge of the data lacks some of its days.
    .without(dg.AutomationCondition.in_latest_time_window())
    .without(~dg.AutomationCondition.any_deps_missing())
    # A Glue table that was looked at again says nothing of any day.
    .ignore(dg.AssetSelection.groups("catalog"))
)
"""A day is built when a day that it reads was, and nothing that it reads is under way."""

REFUSED_SHARE_BAR = 0.01
"""Above this share of refused rows somebody should look at what arrived."""


def table_metadata(table: Table) -> dict[str, object]:
    return {
        "dagster/table_name": f"{table.layer}.{table.name}",
        "dagster/column_schema": dg.TableSchema(
            columns=[_column(column) for column in table.all_columns]
        ),
    }


def table_spec(
    table: Table,
    *,
    deps: Iterable[dg.AssetDep | dg.AssetKey] = (),
    kinds: set[str] | None = None,
    skippable: bool = False,
    **arguments: object,
) -> dg.AssetSpec:
    """The spec of the asset that writes a table; more arguments go to `AssetSpec` as they are."""
    return dg.AssetSpec(
        key=dg.AssetKey(table.key),
        group_name=table.layer,
        description=table.description,
        owners=[table.owner],
        kinds=kinds or KINDS[table.layer],
        metadata=table_metadata(table),
        deps=list(deps),
        skippable=skippable,
        **arguments,  # type: ignore[arg-type]
    )


def _column(column: Column) -> dg.TableColumn:
    constraints = dg.TableColumnConstraints(
        nullable=column.nullable,
        other=[f"one of: {', '.join(column.accepted_values)}"] if column.accepted_values else [],
    )
    return dg.TableColumn(
        column.name, type=column.type, description=column.description, constraints=constraints
    )


def preview(rows: Iterable[Mapping[str, object]]) -> dg.TableMetadataValue:
    """The first rows of a table, as Dagster shows them."""
    records = [dg.TableRecord({name: _shown(value) for name, value in row.items()}) for row in rows]
    names = list(records[0].data) if records else ["no rows"]
    return dg.MetadataValue.table(
        records, schema=dg.TableSchema([dg.TableColumn(name) for name in names])
    )


def _shown(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
