"""`lake/bot_verdicts`: who was a bot on a day, by every rule over the day's events."""

from collections.abc import Iterator

import dagster as dg

from ecom_platform.contracts.lake import EVENTS
from ecom_platform.contracts.verdicts import BOT_VERDICTS, VERDICT_WORDS
from ecom_platform.defs.outcomes import Outcome, check_specs, tell
from ecom_platform.defs.partitions import DAYS, days_of
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.specs import FOLLOWS_ITS_INPUTS, table_spec
from ecom_platform.pipeline.verdicts import JudgedDay, build_verdicts
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

VERDICT_CHECKS = check_specs(
    BOT_VERDICTS,
    ["contract_is_kept"],
    ["stream_and_lake_agree"],
    {
        "contract_is_kept": "Columns, keys and accepted values are those of the contract.",
        "stream_and_lake_agree": (
            "Each rule of the stream names the same users of a streamed day in the lake."
        ),
    },
)
SHOWN = 20


@dg.multi_asset(
    name="bot_verdicts",
    specs=[
        table_spec(
            BOT_VERDICTS,
            deps=[dg.AssetKey(EVENTS.key), dg.AssetKey(["catalog", BOT_VERDICTS.name])],
        ).replace_attributes(automation_condition=FOLLOWS_ITS_INPUTS)
    ],
    check_specs=VERDICT_CHECKS,
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="lake_bot_verdicts",
)
def bot_verdicts(
    context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    with trying_again(context):
        judged = build_verdicts(days_of(context), tables, engine, context.log.info)
        outcomes = [_outcome(one) for one in judged]
    yield from tell(context, [BOT_VERDICTS], VERDICT_CHECKS, outcomes)


def _outcome(judged: JudgedDay) -> Outcome:
    outcome = Outcome(
        str(judged.day),
        metadata={
            "dagster/partition_row_count": judged.written.row_count,
            "bots": judged.bot_count,
            "bytes": judged.written.byte_count,
            "is_compared_with_stream": judged.disagreements is not None,
        },
    )
    if judged.disagreements:
        told = [
            f"{d.rule} by user {d.user_id} only in the {d.found_by}" for d in judged.disagreements
        ]
        more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        outcome.warnings["stream_and_lake_agree"] = "; ".join(told[:SHOWN]) + more
    return outcome


@dg.definitions
def verdict_assets() -> dg.Definitions:
    """The verdicts, and beside them what people said, which `make verdict` writes."""
    return dg.Definitions(assets=[bot_verdicts, table_spec(VERDICT_WORDS)])
