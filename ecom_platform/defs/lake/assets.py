"""The assets of the lake: staged files, what was refused of them, and the days made from both."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain

import dagster as dg

from ecom_platform.contracts import Table
from ecom_platform.contracts.lake import (
    DAY_TABLES,
    EVENTS,
    FILE_TABLES,
    STAGED_EVENTS,
    STAGED_FILES,
    STAGED_STREAM_EVENTS,
)
from ecom_platform.defs.outcomes import (
    VERSION,
    Outcome,
    check_specs,
    tell,
    tell_changed,
    unrecorded,
)
from ecom_platform.defs.partitions import DAYS, EVENT_FILES, days_of
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.specs import REFUSED_SHARE_BAR, table_spec
from ecom_platform.lake.days import unusual_volume
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.placed_files import PlacedFile
from ecom_platform.pipeline.days import (
    BuiltDay,
    build_day,
    keep_versions,
    plans_to_build,
    publish_days,
    row_counts_by_day,
)
from ecom_platform.pipeline.erasure_requests import terms_of
from ecom_platform.pipeline.files import FileReading, stage_files, stage_files_elsewhere
from ecom_platform.pipeline.manifest import read_manifest
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.staging_job import StagingJob
from ecom_platform.resources.table_store import TableStore
from ecom_platform.tables.errors import NotPublishableError

UNFORESEEN = "file_is_read"
"""The check that fails where an error came that nobody foresaw."""

STAGING_CHECKS = [
    *check_specs(
        STAGED_EVENTS, ["rows_are_conserved", "contract_is_kept"], ["few_rows_are_refused"]
    ),
    *check_specs(STAGED_FILES, [UNFORESEEN], ["file_is_accepted"]),
]
DAY_CHECKS = check_specs(
    EVENTS,
    ["rows_are_conserved", "contract_is_kept"],
    ["files_have_the_same_columns", "volume_is_usual"],
)


def _catalog(table: Table) -> dg.AssetKey:
    return dg.AssetKey(["catalog", table.name])


@dg.multi_asset(
    name="staged_files",
    specs=[
        table_spec(
            table, skippable=True, deps=[dg.AssetKey(["raw", "event_files"]), _catalog(table)]
        )
        for table in FILE_TABLES
    ],
    check_specs=STAGING_CHECKS,
    partitions_def=EVENT_FILES,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="lake_staged_events",
)
def staged_files(
    context: dg.AssetExecutionContext,
    tables: TableStore,
    engine: QueryEngine,
    staging_job: StagingJob,
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Read each file of the run once, and tell the good rows from the refused ones."""
    with trying_again(context):
        known = {file.file_id: file for file in read_manifest(tables).files}
        for name in context.partition_keys:
            if name not in known:
                context.log.warning(f"{name} was gone before it was listed; put it again")
        files = [known[name] for name in context.partition_keys if name in known]
        large = [file for file in files if staging_job.takes(file)]
        others = [file for file in files if not staging_job.takes(file)]
        readings = chain(
            stage_files(others, tables, engine, context.log.info),
            _stage_large(large, context, tables, engine, staging_job) if large else (),
        )
        outcomes = [
            _file_outcome(reading, context, place, len(files))
            for place, reading in enumerate(readings, start=1)
        ]
    read = [outcome for outcome in outcomes if outcome]
    if len(read) == len(context.partition_keys):
        yield from tell(context, FILE_TABLES, STAGING_CHECKS, read)
    else:
        changed = {outcome.partition for outcome in read if not outcome.errors}
        yield from tell_changed(context, FILE_TABLES, STAGING_CHECKS, read, changed)


def _stage_large(
    files: Sequence[EventFile],
    context: dg.AssetExecutionContext,
    tables: TableStore,
    engine: QueryEngine,
    staging_job: StagingJob,
) -> Iterator[FileReading]:
    """Begins when the first reading is asked for, so that other files are published before."""
    terms = terms_of(tables)
    yield from stage_files_elsewhere(
        files, tables, engine, lambda asked: staging_job.run(context, asked, terms)
    )


def _file_outcome(
    reading: FileReading, context: dg.AssetExecutionContext, place: int, count: int
) -> Outcome | None:
    """What became of a file; none where it is gone, so that nothing is recorded of it."""
    file_id, placed = reading.file.file_id, reading.placed
    said = f"file {place} of {count}: {file_id}:"
    if reading.error:
        check = getattr(reading.error, "check", UNFORESEEN)
        context.log.error(f"{said} {reading.error!r}", exc_info=reading.error)
        return Outcome(file_id, errors={check: f"{type(reading.error).__name__}: {reading.error}"})
    if placed is None:
        context.log.warning(f"{said} gone before it was read")
        return None
    ledger = placed.ledger
    context.log.info(f"{said} {placed.refusal or _rates(placed, reading.seconds)}")
    for refused in placed.refused:
        context.log.info(f"{said} {refused.sentence()}")
    outcome = Outcome(
        file_id,
        metadata={
            "dagster/partition_row_count": ledger.staged_row_count,
            "rows_read": ledger.read_row_count,
            "rows_quarantined": ledger.quarantined_row_count,
            "refused": [refused.sentence() for refused in placed.refused],
            "bytes": ledger.byte_count,
            "seconds": round(reading.seconds, 3),
            "days": [str(day) for day in placed.days],
            "uri": ledger.object_key,
        },
    )
    if ledger.refusal:
        outcome.warnings["file_is_accepted"] = ledger.refusal
    if ledger.quarantined_row_count > REFUSED_SHARE_BAR * ledger.read_row_count:
        share = f"{ledger.quarantined_row_count} of {ledger.read_row_count} rows"
        outcome.warnings["few_rows_are_refused"] = share
    return outcome


def _rates(placed: PlacedFile, seconds: float) -> str:
    rows = placed.read_row_count
    return (
        f"{rows} rows read, {placed.ledger.quarantined_row_count} quarantined,"
        f" {len(placed.days)} days, {rows / max(seconds, 1e-9):,.0f} rows/s"
    )


@dg.multi_asset(
    name="event_days",
    specs=[
        table_spec(
            table,
            skippable=True,
            deps=[
                *(
                    dg.AssetDep(dg.AssetKey(staged), partition_mapping=dg.AllPartitionMapping())
                    for staged in (STAGED_EVENTS.key, STAGED_STREAM_EVENTS.key)
                ),
                _catalog(table),
            ],
        )
        for table in DAY_TABLES
    ],
    check_specs=DAY_CHECKS,
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="lake_events",
)
def event_days(
    context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Put together each day of the run that any file or the stream has rows of."""
    started = time.monotonic()
    outcomes: list[Outcome] = []
    built: list[BuiltDay] = []
    with trying_again(context), engine.lake_workspace() as (connection, folder):
        for plan in plans_to_build(tables, days_of(context)):
            outcome = Outcome(str(plan.day))
            outcomes.append(outcome)
            try:
                built.append(build_day(plan, connection, folder))
            except NotPublishableError as error:
                outcome.errors[error.check] = str(error)
        good = [outcome for outcome in outcomes if not outcome.errors]
        built = keep_versions(built, tables)
        for outcome, day, commit in zip(
            good, built, publish_days(built, tables, folder), strict=True
        ):
            outcome.metadata = {**_day_metadata(day), VERSION: commit.partitions[0].version}
    _warn(good, built, row_counts_by_day(tables))
    changed = unrecorded(context.instance, DAY_TABLES, outcomes)
    context.log.info(
        f"{len(built)} days with {sum(day.ledger.kept_row_count for day in built)} rows published"
        f" in {time.monotonic() - started:.1f} s, {len(changed)} of them say something new"
    )
    if len(good) == len(outcomes) and _is_alone(context):
        yield from tell_changed(context, DAY_TABLES, DAY_CHECKS, outcomes, changed)
    else:
        yield from tell(context, DAY_TABLES, DAY_CHECKS, outcomes)


def _warn(
    outcomes: Sequence[Outcome], built: Sequence[BuiltDay], usual: Mapping[date, int]
) -> None:
    """Look at good days with a statistical eye; nothing of this keeps a day from its readers."""
    for outcome, day in zip(outcomes, built, strict=True):
        if absences := day.plan.differing_absences:
            outcome.warnings["files_have_the_same_columns"] = (
                f"absent columns differ: {sorted(absences)}; repeats are not recognised"
            )
        if told := unusual_volume(day.plan.day, usual):
            outcome.warnings["volume_is_usual"] = told


def _is_alone(context: dg.AssetExecutionContext) -> bool:
    """Whether the run goes no further than the lake, as those of `changed_days_sensor` do.

    Such a run records just the days that changed, so that nothing below is built in vain. One that
    goes on to the marts must not skip them: somebody asked for them.
    """
    selected = context.run.asset_selection or frozenset()
    return bool(selected) and selected <= {dg.AssetKey(table.key) for table in DAY_TABLES}


def _day_metadata(day: BuiltDay) -> dict[str, object]:
    ledger = day.ledger
    return {
        "dagster/partition_row_count": ledger.kept_row_count,
        "rows_staged": ledger.staged_row_count,
        "rows_redelivered": ledger.redelivered_row_count,
        "rows_retired": ledger.retired_row_count,
        "rows_waiting": ledger.waiting_row_count,
        "rows_superseded": ledger.superseded_row_count,
        "source": ledger.source,
        "files": [part.file.file_id for part in day.plan.counted],
        "is_merged": day.written is not None,
        "is_unchanged": day.kept is not None,
    }
