"""The manifest of raw files. Reading what is in them is the lake's."""

import dagster as dg

from ecom_platform.contracts.lake import RAW_EVENT_FILES
from ecom_platform.defs.partitions import EVENT_FILES
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.specs import preview, table_metadata
from ecom_platform.lake.event_files import HOW_TO_DELIVER
from ecom_platform.pipeline.manifest import manifest_row, publish_manifest, read_manifest
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

PREVIEW_ROWS = 20


@dg.asset(
    key=dg.AssetKey(RAW_EVENT_FILES.key),
    group_name="raw",
    description=RAW_EVENT_FILES.description,
    owners=[RAW_EVENT_FILES.owner],
    kinds={"s3"},
    metadata=table_metadata(RAW_EVENT_FILES),
    deps=[dg.AssetKey(["catalog", RAW_EVENT_FILES.name])],
    pool="raw_event_files",
)
def event_files(
    context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine
) -> dg.MaterializeResult[None]:
    with trying_again(context):
        before = read_manifest(tables)
        listing = tables.objects.exports()
        manifest = before.joined(listing.files)
        files = manifest.files
        context.instance.add_dynamic_partitions(EVENT_FILES.name or "", [f.file_id for f in files])
        with engine.workspace() as (_, folder):
            publish_manifest(tables, manifest, folder)
    for key in listing.ignored:
        context.log.warning(f"nobody reads {key}; {HOW_TO_DELIVER}")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(files),
            "new_files": len(files) - len(before.files),
            "bytes": sum(file.byte_count for file in files),
            "ignored_objects": len(listing.ignored),
            "ignored": listing.ignored[:PREVIEW_ROWS],
            "files": preview([manifest_row(manifest, file) for file in files[-PREVIEW_ROWS:]]),
        }
    )
