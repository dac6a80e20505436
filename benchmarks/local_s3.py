"""DuckDB over the local cloud's S3 as its root user, for what has no role of the platform's.

What does not belong here: the platform's own engine (`ecom_platform.resources.query_engine`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

BARE_PREFIX = "bare/"
"""Where the bare script writes; no table of the platform lies there."""


@contextmanager
def connected(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with DuckDB's own limits, spilling to a scratch folder."""
    extensions = Path(duckdb_extension_httpfs.__file__).parent / "extensions"
    endpoint = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    with duckdb.connect() as connection:
        connection.execute(f"set temp_directory = '{scratch}/bare-spill'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"load '{next(extensions.glob('*/httpfs.duckdb_extension'))}'")
        connection.execute(
            f"create secret root (type s3, key_id '{os.environ['AWS_ACCESS_KEY_ID']}',"
            f" secret '{os.environ['AWS_SECRET_ACCESS_KEY']}', endpoint '{endpoint}',"
            f" region '{os.environ['AWS_REGION']}', url_style 'path', use_ssl false)"
        )
        yield connection
