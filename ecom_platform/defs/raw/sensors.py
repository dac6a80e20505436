"""What arrives under `raw/`: each new or changed object gets a partition and is staged."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from ecom_platform.contracts.lake import FILE_TABLES, RAW_EVENT_FILES
from ecom_platform.defs.cursors import cursor_of, digest
from ecom_platform.defs.partitions import EVENT_FILES
from ecom_platform.lake.event_files import EventFile
from ecom_platform.pipeline.files import read_files
from ecom_platform.pipeline.manifest import Manifest, read_manifest
from ecom_platform.resources.table_store import TableStore
from ecom_platform.tables.commits import commits_prefix, latest_numbers

MOST_FILES_A_TICK = 50
"""Files whose staging one tick starts; the others follow in the next ones."""

MANIFEST_KEY = dg.AssetKey(RAW_EVENT_FILES.key)
STAGING_KEYS = [MANIFEST_KEY, *(dg.AssetKey(table.key) for table in FILE_TABLES)]


@dataclass(frozen=True)
class Arrivals:
    """What a listing of the bucket asks for.

    Attributes:
        waiting: files that were never read to the end, in manifest order.
        is_manifest_stale: whether another version lies under a key than the manifest says, though
            no file waits: a correction was taken back.

    """

    waiting: list[EventFile]
    is_manifest_stale: bool


def judge(listing: Sequence[EventFile], manifest: Manifest, read: set[str]) -> Arrivals:
    """Hold a listing against what is known."""
    waiting = [file for file in listing if file.file_id not in read]
    lying = {file.object_key: file.file_id for file in listing}
    is_stale = not waiting and not (lying.items() <= manifest.current.items())
    return Arrivals(sorted(waiting, key=lambda file: file.manifest_order), is_stale)


@dg.sensor(
    name="raw_event_files_sensor",
    asset_selection=STAGING_KEYS,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sees new or changed CSV objects, adds a partition for each, starts its staging.",
)
def raw_event_files_sensor(
    context: dg.SensorEvaluationContext, tables: TableStore
) -> dg.SensorResult | dg.SkipReason:
    listing = tables.objects.event_files()
    fingerprint = digest([file.file_id for file in listing])
    if context.cursor == cursor_of(fingerprint):
        return dg.SkipReason(f"{len(listing)} files, none of them new")
    arrivals = judge(listing, read_manifest(tables), read_files(tables))
    now = arrivals.waiting[:MOST_FILES_A_TICK]
    requests = [
        dg.RunRequest(
            run_key=file.file_id, partition_key=file.file_id, asset_selection=STAGING_KEYS
        )
        for file in now
    ]
    if arrivals.is_manifest_stale:
        records = tables.objects.list_keys(commits_prefix(RAW_EVENT_FILES.path))
        # A correction may be taken back more than once: the same listing, another manifest.
        run_key = f"{fingerprint}:{latest_numbers(records).get('all', 0)}"
        requests.append(dg.RunRequest(run_key=run_key, asset_selection=[MANIFEST_KEY]))
    context.log.info(f"{len(listing)} files, {len(arrivals.waiting)} to stage, {len(now)} now")
    is_all = len(now) == len(arrivals.waiting)
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[EVENT_FILES.build_add_request([f.file_id for f in now])],
        cursor=cursor_of(fingerprint) if is_all else None,
    )
