"""The assets that take the stream's archive into the lake, an hour of arrival at a time."""

from collections.abc import Iterator

import dagster as dg

from ecom_platform.contracts.lake import (
    HOUR_TABLES,
    STAGED_STREAM_EVENTS,
)
from ecom_platform.defs.outcomes import Outcome, check_specs, tell
from ecom_platform.defs.partitions import ARRIVED_HOURS
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.specs import REFUSED_SHARE_BAR, table_spec
from ecom_platform.lake.stream_archive import day_of
from ecom_platform.pipeline.hours import HourReport, list_hours, stage_hour
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore
from ecom_platform.tables.errors import NotPublishableError

HOUR_CHECKS = check_specs(
    STAGED_STREAM_EVENTS, ["rows_are_conserved", "contract_is_kept"], ["few_rows_are_refused"]
)


@dg.multi_asset(
    name="staged_stream_hours",
    specs=[
        table_spec(
            table,
            deps=[
                dg.AssetKey(["raw", "stream_events"]),
                dg.AssetKey(["catalog", table.name]),
            ],
        )
        for table in HOUR_TABLES
    ],
    check_specs=HOUR_CHECKS,
    partitions_def=ARRIVED_HOURS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="lake_staged_stream_events",
)
def staged_stream_hours(
    context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Read each hour of the run whole, and tell the good rows from the refused ones."""
    outcomes = []
    with trying_again(context):
        hours = list_hours(tables, sorted({day_of(hour) for hour in context.partition_keys}))
        for place, hour in enumerate(context.partition_keys, start=1):
            archived = hours.get(hour)
            if archived is None:
                raise dg.Failure(
                    f"the archive holds no object of the hour {hour}", allow_retries=False
                )
            try:
                report = stage_hour(archived, tables, engine)
            except NotPublishableError as error:
                outcomes.append(Outcome(hour, errors={error.check: str(error)}))
                continue
            outcomes.append(_hour_outcome(hour, report))
            context.log.info(
                f"hour {place} of {len(context.partition_keys)}: {hour}:"
                f" {report.ledger.read_row_count} lines in {report.seconds:.1f} s"
            )
    yield from tell(context, HOUR_TABLES, HOUR_CHECKS, outcomes)


def _hour_outcome(hour: str, report: HourReport) -> Outcome:
    ledger = report.ledger
    outcome = Outcome(
        hour,
        metadata={
            "dagster/partition_row_count": ledger.staged_row_count,
            "rows_read": ledger.read_row_count,
            "rows_repeated": ledger.repeated_row_count,
            "rows_quarantined": ledger.quarantined_row_count,
            "refused": [refused.sentence() for refused in report.refused],
            "objects": ledger.object_count,
            "bytes": ledger.byte_count,
            "seconds": round(report.seconds, 3),
            "days": [str(day) for day in report.days],
        },
    )
    if ledger.quarantined_row_count > REFUSED_SHARE_BAR * ledger.read_row_count:
        share = f"{ledger.quarantined_row_count} of {ledger.read_row_count} rows"
        outcome.warnings["few_rows_are_refused"] = share
    return outcome
