"""The manifest of raw files. Reading what is in them is the lake's."""

from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg
import pyarrow as pa

from ecom_platform.contracts.lake import RAW_EVENT_FILES
from ecom_platform.defs.partitions import EVENT_FILES, TRY_AGAIN
from ecom_platform.defs.specs import preview, table_metadata
from ecom_platform.lake.event_files import EventFile
from ecom_platform.lake.parquet import arrow_schema, write_table
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore

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
    retry_policy=TRY_AGAIN,
)
def event_files(
    context: dg.AssetExecutionContext, tables: TableStore, engine: QueryEngine
) -> dg.MaterializeResult[None]:
    manifest = read_manifest(tables)
    known = {file.file_id: file for file in manifest.files}
    found = {file.file_id: file for file in tables.objects.event_files()}
    # An object that was deleted stays current: what it brought is only taken back on command.
    current = manifest.current | {file.object_key: file.file_id for file in found.values()}
    # A version keeps the time at which it was first seen: a re-run judges its rows the same.
    files = sorted({**found, **known}.values(), key=lambda file: file.manifest_order)
    context.instance.add_dynamic_partitions(EVENT_FILES.name or "", [f.file_id for f in files])
    with engine.workspace() as (_, folder):
        _publish(tables, Manifest(files, current), folder)
    new = [file.file_id for file in files if file.file_id not in known]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(files),
            "new_files": len(new),
            "bytes": sum(file.byte_count for file in files),
            "files": preview([_row(file) for file in files[-PREVIEW_ROWS:]]),
        }
    )


@dataclass(frozen=True)
class Manifest:
    """Every version that was ever seen, and which one lies under each key."""

    files: list[EventFile]
    current: dict[str, str]


def _publish(tables: TableStore, manifest: Manifest, folder: Path) -> None:
    schema = arrow_schema(RAW_EVENT_FILES.columns)
    rows = pa.Table.from_pylist([_row(file) for file in manifest.files], schema=schema)
    written = write_table(rows, folder / "event_files.parquet")
    placed = tables.upload(RAW_EVENT_FILES, [((), written)])
    details = {
        "files": [file.to_details() for file in manifest.files],
        "current": manifest.current,
    }
    tables.publish(RAW_EVENT_FILES, [Draft("all", tuple(placed), details)])


def read_manifest(tables: TableStore) -> Manifest:
    """The manifest as it was published last; empty before its first publication."""
    commits = tables.commits(RAW_EVENT_FILES, ["all"])
    details = commits[0].details if commits else {"files": [], "current": {}}
    files = [EventFile.from_details(entry) for entry in details["files"]]
    return Manifest(files, details["current"])


def _row(file: EventFile) -> dict[str, object]:
    return {"file_id": file.file_id, **asdict(file)}
