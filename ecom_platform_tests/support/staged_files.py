"""A file as staging reads it, alone and without a cloud: what became of it, and its good rows."""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from ecom_platform.lake.file_rows import StagedFile, stage_file
from ecom_platform.lake.spool import open_spool
from ecom_platform.lake.terms import Terms

PUT_AT = datetime(2026, 1, 6)  # noqa: DTZ001 - times of the lake are UTC without a zone


def staged_of(
    content: bytes, folder: Path, *, put_at: datetime = PUT_AT, zone: str = "UTC"
) -> StagedFile:
    """Stage the bytes of a file in a folder that holds no other."""
    path = folder / "events.csv"
    path.write_bytes(content)
    with duckdb.connect() as connection:
        return stage_file(
            connection,
            open_spool(path),
            last_modified_at=put_at,
            directory=folder / "staged",
            terms=Terms(zone),
        )


def files_of(staged: StagedFile) -> list[str]:
    return [str(path) for part in staged.days.values() for path in part.files]


def rows_of(files: list[str], columns: str = "*") -> list[tuple[Any, ...]]:
    """The rows of Parquet files, sorted."""
    if not files:
        return []
    return duckdb.sql(f"select {columns} from read_parquet({files}) order by all").fetchall()
