"""What arrives under `raw/exports/`: new or changed objects get a partition and are staged."""

from collections.abc import Iterator, Sequence

import dagster as dg

from ecom_platform.contracts.lake import FILE_TABLES, RAW_EVENT_FILES
from ecom_platform.defs.cursors import cursor_of, digest
from ecom_platform.defs.partitions import EVENT_FILES, adjacent, span_tags
from ecom_platform.lake.event_files import EventFile, Listing
from ecom_platform.pipeline.file_verdicts import read_files, waiting_files
from ecom_platform.pipeline.manifest import Manifest, read_manifest
from ecom_platform.resources.table_store import TableStore
from ecom_platform.tables.commits import commits_prefix, latest_numbers

MOST_FILES_A_RUN = 500
"""Files that one run stages: small ones are published together, and a run tells its progress."""

MANIFEST_KEY = dg.AssetKey(RAW_EVENT_FILES.key)
FILE_KEYS = [dg.AssetKey(table.key) for table in FILE_TABLES]


@dg.sensor(
    name="raw_event_files_sensor",
    asset_selection=[MANIFEST_KEY, *FILE_KEYS],
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sees new or changed CSV objects, adds a partition for each, starts their staging.",
)
def raw_event_files_sensor(
    context: dg.SensorEvaluationContext, tables: TableStore
) -> dg.SensorResult | dg.SkipReason:
    listing = tables.objects.exports()
    fingerprint = digest([f"{f.file_id} {f.last_modified_at}" for f in listing.files])
    if context.cursor == cursor_of(fingerprint):
        return dg.SkipReason(f"{len(listing.files)} files, none of them new{_ignored(listing)}")
    waiting = waiting_files(listing.files, read_files(tables))
    names = [file.file_id for file in waiting]
    known = context.instance.get_dynamic_partitions(EVENT_FILES.name or "")
    order = [*known, *(name for name in names if name not in set(known))]
    requests = list(_staging_requests(waiting, order))
    if not waiting and is_manifest_stale(listing, read_manifest(tables)):
        records = tables.objects.list_keys(commits_prefix(RAW_EVENT_FILES.prefix))
        # A correction may be taken back more than once: the same listing, another manifest.
        run_key = f"{fingerprint}:{latest_numbers(records).get('all', 0)}"
        requests.append(dg.RunRequest(run_key=run_key, asset_selection=[MANIFEST_KEY]))
    context.log.info(f"{len(listing.files)} files, {len(waiting)} to stage{_ignored(listing)}")
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[EVENT_FILES.build_add_request(names)],
        cursor=cursor_of(fingerprint),
    )


def is_manifest_stale(listing: Listing, manifest: Manifest) -> bool:
    """Whether another version lies under a key than the manifest says, or a retired one again."""
    after = manifest.joined(listing.files)
    return (after.current, after.retired) != (manifest.current, manifest.retired)


def _staging_requests(
    waiting: Sequence[EventFile], order: Sequence[str]
) -> Iterator[dg.RunRequest]:
    """One run for files that follow each other in the order of partitions.

    Its key names the time of their putting too: a version that was gone before it was read is asked
    for again when it is put again.
    """
    by_name = {file.file_id: file for file in waiting}
    for names in adjacent(list(by_name), order, MOST_FILES_A_RUN):
        puts = [f"{name} {by_name[name].last_modified_at}" for name in names]
        yield dg.RunRequest(
            run_key=puts[0] if len(puts) == 1 else digest(puts),
            asset_selection=[MANIFEST_KEY, *FILE_KEYS],
            **({"partition_key": names[0]} if len(names) == 1 else {"tags": span_tags(names)}),
        )


def _ignored(listing: Listing) -> str:
    return f", {len(listing.ignored)} other objects ignored" if listing.ignored else ""
