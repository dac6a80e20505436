"""`raw/found_schemas`: what a crawler finds in raw files, held against what staging asks for.

Beside it the last run of DataBrew is observed, which cleans the same files as steps to look at.
"""

from collections.abc import Iterator

import dagster as dg

from ecom_platform.contracts.lake import OWNER, RAW_EVENT_FILES
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.specs import preview
from ecom_platform.lake.found_schemas import differences
from ecom_platform.resources.brew_job import BrewJob
from ecom_platform.resources.schema_finder import SchemaFinder

FOUND_SCHEMAS = dg.AssetKey(["raw", "found_schemas"])
CLEANED = dg.AssetKey(["raw", "cleaned_by_databrew"])
CHECK = "schemas_are_the_contract"


@dg.multi_asset(
    name="found_schemas",
    specs=[
        dg.AssetSpec(
            FOUND_SCHEMAS,
            group_name="raw",
            description="Columns and types of raw files, as Glue's crawlers (or DuckDB's guess)"
            " find them.",
            owners=[OWNER],
            kinds={"glue"},
            deps=[dg.AssetKey(RAW_EVENT_FILES.key)],
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=FOUND_SCHEMAS,
            blocking=True,
            description="No column turned into something else, and none that is asked for is gone.",
        )
    ],
    pool="raw_found_schemas",
)
def found_schemas(
    context: dg.AssetExecutionContext, schema_finder: SchemaFinder, brew_job: BrewJob
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Look into raw files; a difference fails the check and stops what would follow in the run."""
    with trying_again(context):
        found = schema_finder.find()
        context.log_event(dg.AssetObservation(CLEANED, metadata=brew_job.last_run()))
    told = [one for schema in found for one in differences(schema)]
    rows = [
        {"place": schema.place, "column": name, "type": kind}
        for schema in found
        for name, kind in schema.columns.items()
    ]
    yield dg.MaterializeResult(
        FOUND_SCHEMAS, metadata={"schemas": len(found), "columns": preview(rows)}
    )
    yield dg.AssetCheckResult(
        asset_key=FOUND_SCHEMAS,
        check_name=CHECK,
        passed=not told,
        metadata={"differences": told or ["none"]},
    )


@dg.schedule(
    name="raw_schema_schedule",
    cron_schedule="30 2 * * *",
    execution_timezone="UTC",
    target=dg.AssetSelection.assets(FOUND_SCHEMAS),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Looks what raw files hold before the daily batch: 02:30 UTC.",
)
def raw_schema_schedule() -> dg.RunRequest:
    return dg.RunRequest()
