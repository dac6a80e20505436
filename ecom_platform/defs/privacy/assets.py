"""`privacy/erasures`: forgetting users, a request a partition; its state is requested, running or
verified.
"""

from collections.abc import Iterator

import dagster as dg

from ecom_platform.contracts.lake import EVENTS, OWNER, STAGED_EVENTS, STAGED_STREAM_EVENTS
from ecom_platform.defs.retries import trying_again
from ecom_platform.pipeline.erasure import Erasure, put_report
from ecom_platform.pipeline.erasure_requests import read_requests, read_tombstones, utc_now
from ecom_platform.resources.eraser import Eraser
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

ERASURES = dg.AssetKey(["privacy", "erasures"])
ERASURE_REQUESTS = dg.DynamicPartitionsDefinition(name="erasure_requests")
CHECK = "nothing_is_left"


@dg.multi_asset(
    name="erasures",
    specs=[
        dg.AssetSpec(
            ERASURES,
            group_name="privacy",
            description="Users who are forgotten: what was done, and where anything is left.",
            owners=[OWNER],
            kinds={"s3", "dynamodb"},
            deps=[
                dg.AssetDep(dg.AssetKey(table.key), partition_mapping=dg.AllPartitionMapping())
                for table in (EVENTS, STAGED_EVENTS, STAGED_STREAM_EVENTS)
            ],
        )
    ],
    partitions_def=ERASURE_REQUESTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=ERASURES,
            description="No version of any object and no item is about somebody who is forgotten.",
        )
    ],
    pool="privacy_erasures",
)
def erasures(
    context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine, eraser: Eraser
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """One pass over everything there is, for all who are forgotten; it names what is left."""
    asked = set(context.partition_keys)
    requests = [one for one in read_requests(tables.objects) if one.request_id in asked]
    for one in requests:
        context.log_event(
            dg.AssetObservation(ERASURES, partition=one.request_id, metadata={"state": "running"})
        )
    with trying_again(context):
        erasure = Erasure(read_tombstones(tables.objects), tables, engine, eraser, context.log.info)
        done = erasure.run(utc_now())
        reports = [put_report(one, [done], eraser, utc_now()) for one in requests]
    for report in reports:
        context.add_asset_metadata(
            {
                "state": report["state"],
                "expires": [f"{one['place']}: {one['on']}" for one in report["expires"]],
            },
            partition_key=report["request_id"],
        )
    yield dg.MaterializeResult(
        ERASURES,
        metadata={
            "left": done.left or ["nothing"],
            "versions_searched": sum(done.search.searched.values()),
            "versions_deleted": done.search.deleted,
        },
    )
    yield dg.AssetCheckResult(
        asset_key=ERASURES,
        check_name=CHECK,
        passed=not done.left,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"left": done.left or ["nothing"]},
    )
