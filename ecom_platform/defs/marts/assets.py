"""The marts: one asset for each contract, made from `marts/sql/<mart>.sql`."""

import time
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from ecom_platform.contracts import Input, Table, marts
from ecom_platform.contracts.bot_marts import RESTATEMENTS
from ecom_platform.defs.outcomes import Outcome, check_specs, tell
from ecom_platform.defs.partitions import DAYS, days_of
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.specs import FOLLOWS_ITS_INPUTS, preview, table_spec
from ecom_platform.marts.queries import mart_checks
from ecom_platform.pipeline.marts import MartChunk, MartDay, build_chunk, chunks_of
from ecom_platform.pipeline.restatements import Run
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=48), warn_window=timedelta(hours=30)
)
"""Exports come once a day; two that fail to come are worth waking somebody."""


def dependencies(mart: Table) -> Iterator[dg.AssetDep]:
    """What a mart reads, and which days around its own."""
    for read in mart.inputs:
        yield dg.AssetDep(dg.AssetKey(read.key), partition_mapping=_mapping(read))
    yield dg.AssetDep(dg.AssetKey(["catalog", mart.name]))


def _mapping(read: Input) -> dg.TimeWindowPartitionMapping | None:
    if not (read.days_before or read.days_after):
        return None
    return dg.TimeWindowPartitionMapping(
        start_offset=-read.days_before,
        end_offset=read.days_after,
        allow_nonexistent_upstream_partitions=True,
    )


def mart_asset(mart: Table) -> dg.AssetsDefinition:
    """The asset that builds a mart for a range of days in one run."""
    checks = mart_checks(mart)
    blocking = [check.name for check in checks if check.severity == "error"]
    warning = [check.name for check in checks if check.severity == "warning"]
    told = {check.name: check.description for check in checks}
    specs = check_specs(mart, ["contract_is_kept", *blocking], warning, told)

    @dg.multi_asset(
        name=mart.name,
        specs=[
            table_spec(mart, deps=dependencies(mart)).replace_attributes(
                automation_condition=FOLLOWS_ITS_INPUTS, freshness_policy=FRESHNESS
            )
        ],
        check_specs=specs,
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"marts_{mart.name}",
    )
    def build(
        context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        outcomes: list[Outcome] = []
        with trying_again(context):
            days = days_of(context)
            run = Run(context.log.info, context.run.run_id)
            chunks = list(chunks_of(days, tables, mart, is_bounded=engine.athena is None))
            for place, chunk in enumerate(chunks, start=1):
                started = time.monotonic()
                built = build_chunk(mart, chunk, tables, engine, run)
                seconds = time.monotonic() - started
                outcomes += chunk_outcomes(built, seconds / len(chunk))
                context.log.info(
                    f"part {place} of {len(chunks)}: {len(chunk)} days, {seconds:.1f} s"
                )
        yield from tell(context, [mart], specs, outcomes)

    return build


def chunk_outcomes(chunk: MartChunk, seconds_per_day: float) -> list[Outcome]:
    outcomes = {one.day: _outcome(one, seconds_per_day) for one in chunk.days}
    last = outcomes[max(outcomes)]
    last.metadata |= {"preview": preview(chunk.preview)}
    if chunk.costs:
        last.metadata |= {
            "athena_queries": ", ".join(one.query_id for one in chunk.costs),
            "athena_scanned_bytes": sum(one.scanned_bytes for one in chunk.costs),
            "athena_usd": round(sum(one.usd for one in chunk.costs), 6),
        }
    return list(outcomes.values())


def _outcome(built: MartDay, seconds: float) -> Outcome:
    outcome = Outcome(
        str(built.day),
        metadata={
            "dagster/partition_row_count": built.written.row_count,
            "bytes": built.written.byte_count,
            "seconds": round(seconds, 4),
        },
    )
    for problem in built.problems:
        kind = outcome.errors if problem.severity == "error" else outcome.warnings
        kind[problem.check] = problem.message
    return outcome


@dg.definitions
def mart_assets() -> dg.Definitions:
    # Whoever builds a mart appends to it.
    restatements = table_spec(RESTATEMENTS)
    return dg.Definitions(assets=[*(mart_asset(mart) for mart in marts.TABLES), restatements])
