"""From what became of each partition of a run to what Dagster is told.

Good partitions are published before this is called. Where some are bad, the failed checks are told,
the good ones are recorded one by one, and then the step fails, naming the bad ones: a yielded
materialization would be recorded for all of them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from ecom_platform.contracts import Table

CHECKS = {
    "rows_are_conserved": "Every row that was read has exactly one place.",
    "contract_is_kept": "Columns, types, nulls, values and keys are those of the contract.",
    "file_is_accepted": "The file as a whole can be read as events.",
    "file_is_read": "Reading the file met no error that nobody foresaw.",
    "few_rows_are_refused": "At most one row of a hundred is quarantined.",
    "files_have_the_same_columns": "The files of a day lack the same columns, or none.",
    "volume_is_usual": "The day has between half and twice the rows of the four weeks before.",
}
"""What the checks that tables share ask for."""

VERSION = "version"
"""Metadata of a partition: equal where it says the same to its readers."""


@dataclass
class Outcome:
    """What became of one partition.

    Attributes:
        partition: its key.
        metadata: shown with its materialization.
        errors: check → what is wrong; any of them keeps the partition from being published.
        warnings: the same for checks that only warn.

    """

    partition: str
    metadata: dict[str, object] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)


def check_specs(
    table: Table,
    errors: Sequence[str],
    warnings: Sequence[str] = (),
    descriptions: Mapping[str, str] | None = None,
) -> list[dg.AssetCheckSpec]:
    """Declare the checks of a table; those that can fail block what is below."""
    key = dg.AssetKey(table.key)
    told = {**CHECKS, **(descriptions or {})}
    return [
        dg.AssetCheckSpec(name, asset=key, blocking=name in errors, description=told[name])
        for name in (*errors, *warnings)
    ]


def check_results(
    specs: Sequence[dg.AssetCheckSpec], outcomes: Sequence[Outcome]
) -> Iterator[dg.AssetCheckResult]:
    """One result a check over all partitions of the run, naming those that break it."""
    for spec in specs:
        found = {
            outcome.partition: {**outcome.errors, **outcome.warnings}[spec.name]
            for outcome in outcomes
            if spec.name in outcome.errors or spec.name in outcome.warnings
        }
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=not found,
            severity=dg.AssetCheckSeverity.ERROR if spec.blocking else dg.AssetCheckSeverity.WARN,
            metadata={"partitions": len(outcomes), **dict(list(found.items())[:20])},
        )


def tell(
    context: dg.AssetExecutionContext,
    tables: Sequence[Table],
    specs: Sequence[dg.AssetCheckSpec],
    outcomes: Sequence[Outcome],
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Tell Dagster of a run over several partitions.

    Raises:
        dagster.Failure: some partitions were refused.

    """
    yield from check_results(specs, outcomes)
    bad = [outcome for outcome in outcomes if outcome.errors]
    good = [outcome for outcome in outcomes if not outcome.errors]
    if bad:
        _record(context, tables, good)
        lines = [f"{one.partition}: {'; '.join(one.errors.values())}" for one in bad]
        raise dg.Failure(
            f"{len(bad)} of {len(outcomes)} partitions were refused and not published. "
            + " | ".join(lines[:20]),
            allow_retries=False,
        )
    for table in tables:
        key = dg.AssetKey(table.key)
        for outcome in good:
            context.add_asset_metadata(
                outcome.metadata, asset_key=key, partition_key=outcome.partition
            )
        yield dg.MaterializeResult(asset_key=key)


def tell_changed(
    context: dg.AssetExecutionContext,
    tables: Sequence[Table],
    specs: Sequence[dg.AssetCheckSpec],
    outcomes: Sequence[Outcome],
    changed: Collection[str],
) -> Iterator[dg.AssetCheckResult]:
    """Tell of a run in which all went well, but record only the partitions that changed."""
    yield from check_results(specs, outcomes)
    _record(context, tables, [one for one in outcomes if one.partition in changed])


def unrecorded(
    instance: dg.DagsterInstance, tables: Sequence[Table], outcomes: Sequence[Outcome]
) -> set[str]:
    """Good partitions whose version is not the one that Dagster recorded last.

    What is new since the version before does not tell: its run may have died after publishing.
    """
    versions = {one.partition: one.metadata.get(VERSION) for one in outcomes if not one.errors}
    found: set[str] = set()
    for table in tables:
        recorded = _recorded(instance, dg.AssetKey(table.key), set(versions))
        found |= {name for name, version in versions.items() if version != recorded.get(name)}
    return found


def _recorded(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: set[str]
) -> dict[str, object]:
    """Partition → the version that its last materialization tells."""
    last = instance.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, partitions
    )
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(key, storage_ids=list(last.values())), limit=max(len(last), 1)
    ).records
    found: dict[str, object] = {}
    for record in records:
        told = record.asset_materialization
        if told and told.partition and VERSION in told.metadata:
            found[told.partition] = told.metadata[VERSION].value
    return found


def _record(
    context: dg.AssetExecutionContext, tables: Sequence[Table], outcomes: Sequence[Outcome]
) -> None:
    """Record partitions one by one: a yielded materialization counts for all of a run."""
    for table in tables:
        for outcome in outcomes:
            context.log_event(
                dg.AssetMaterialization(
                    dg.AssetKey(table.key),
                    partition=outcome.partition,
                    metadata=outcome.metadata,  # type: ignore[arg-type]
                )
            )
