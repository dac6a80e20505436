"""The marts: one asset for each contract, made from `marts/sql/<mart>.sql`."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import dagster as dg

from ecom_platform.contracts import TABLES, Input, Table, marts
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.defs.marts.days import (
    days_with_rows,
    input_partitions,
    inputs_of,
    versions_of,
)
from ecom_platform.defs.outcomes import Outcome, check_specs, tell
from ecom_platform.defs.partitions import DAYS, TRY_AGAIN, days_of
from ecom_platform.defs.specs import preview, table_spec
from ecom_platform.lake.parquet import WrittenPartition
from ecom_platform.marts.building import (
    Problem,
    build_mart,
    check_problems,
    contract_problems,
    show_draft,
)
from ecom_platform.marts.queries import mart_checks
from ecom_platform.resources.progress import told
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore

CHUNK_ROWS = 12_000_000
"""Event rows that one query reads at most (or one day): it bounds memory, whatever the range."""
PREVIEW_ROWS = 10

FOLLOWS_ITS_INPUTS = (
    dg.AutomationCondition.eager()
    # Late rows change old days, and a window at the edge of the data lacks some of its days.
    .without(dg.AutomationCondition.in_latest_time_window())
    .without(~dg.AutomationCondition.any_deps_missing())
    # A Glue table that was looked at again says nothing of any day.
    .ignore(dg.AssetSelection.groups("catalog"))
)
"""A day of a mart is built when a day that it reads was, and nothing that it reads is under way."""

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
        retry_policy=TRY_AGAIN,
    )
    def build(
        context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        outcomes: list[Outcome] = []
        days = days_of(context)
        chunks = list(chunks_of(days, tables, mart))
        for place, chunk in enumerate(chunks, start=1):
            started = time.monotonic()
            outcomes += build_chunk(mart, chunk, tables, engine, context.log.info)
            context.log.info(
                f"part {place} of {len(chunks)}: {len(chunk)} days,"
                f" {time.monotonic() - started:.1f} s"
            )
        yield from tell(context, [mart], specs, outcomes)

    return build


def chunks_of(days: Sequence[date], tables: TableStore, mart: Table) -> Iterator[list[date]]:
    """Those of the days that have events, in runs of days that one query can take."""
    found = days_with_rows(mart, tables, min(days), max(days))
    limit = CHUNK_ROWS if EVENTS.key in {read.key for read in mart.inputs} else float("inf")
    chunk: list[date] = []
    rows = 0
    for day in sorted(found.keys() & set(days)):
        if chunk and rows + found[day] > limit:
            yield chunk
            chunk, rows = [], 0
        chunk.append(day)
        rows += found[day]
    if chunk:
        yield chunk


def build_chunk(
    mart: Table,
    days: Sequence[date],
    tables: TableStore,
    engine: QueryEngine,
    say: Callable[[str], None],
) -> list[Outcome]:
    """Build some days of a mart, check them, and publish those that keep every rule."""
    started = time.monotonic()
    # Asked for once: the rows are read from the very versions that are remembered with them.
    partitions = input_partitions(mart, tables, days)
    versions = versions_of(partitions)
    with engine.lake_workspace() as (connection, folder):
        engine.show(connection, {TABLES[key]: parts for key, parts in partitions.items()})
        rows_to_read = sum(part.row_count for parts in partitions.values() for part in parts)
        with told(connection, say, mart.name, row_count=rows_to_read):
            written = build_mart(connection, mart, days, folder / "mart")
        show_draft(connection, mart, written)
        problems = contract_problems(connection, mart)
        for check in mart_checks(mart):
            problems += check_problems(connection, check, days)
        name = f"{mart.layer}.{mart.name}"
        rows = connection.execute(
            f"select * from {name} order by event_date desc limit {PREVIEW_ROWS}"
        )
        shown = preview(rows.to_arrow_table().to_pylist())
        outcomes = {day: _outcome(day, written[day], problems) for day in days}
        good = {day: written[day] for day, outcome in outcomes.items() if not outcome.errors}
        placed = tables.upload(mart, [((str(day),), part) for day, part in good.items()])
        sources = {str(day): inputs_of(mart, day, versions) for day in good}
        drafts = [Draft(p.values[0], (p,), {"inputs": sources[p.values[0]]}) for p in placed]
        tables.publish(mart, drafts)
    seconds = round((time.monotonic() - started) / len(days), 4)
    for outcome in outcomes.values():
        outcome.metadata |= {"seconds": seconds}
    outcomes[max(days)].metadata |= {"preview": shown}
    return list(outcomes.values())


def _outcome(day: date, written: WrittenPartition, problems: Sequence[Problem]) -> Outcome:
    outcome = Outcome(
        str(day),
        metadata={
            "dagster/partition_row_count": written.row_count,
            "bytes": written.byte_count,
        },
    )
    for problem in problems:
        if problem.day in (day, None):
            kind = outcome.errors if problem.severity == "error" else outcome.warnings
            kind[problem.check] = problem.message
    return outcome


@dg.definitions
def mart_assets() -> dg.Definitions:
    return dg.Definitions(assets=[mart_asset(mart) for mart in marts.TABLES])
