"""The zip of the Flink application for the managed service: sources, SQL and the connector's jar.

On one machine nothing is packed: the launcher in `flink_app/local` starts the sources themselves.
"""

import hashlib
import io
import zipfile
from pathlib import Path

from infra.zips import add_file, is_source

PREFIX = "artifacts/flink"
JAR_IN_PACKAGE = "lib/flink-sql-connector-kinesis.jar"
SHIPPED = {".py", ".sql", ".json"}


def flink_package(application: Path, jar: Path) -> tuple[str, bytes]:
    """The key and the content of the application's zip; the same sources give the same key.

    Raises:
        FileNotFoundError: the connector was not fetched yet; `make deploy` does that first.

    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(application.rglob("*")):
            if path.suffix in SHIPPED and is_source(path, application):
                add_file(archive, path.relative_to(application).as_posix(), path)
        add_file(archive, JAR_IN_PACKAGE, jar)
    return f"{PREFIX}/{hashlib.sha256(content.getvalue()).hexdigest()}.zip", content.getvalue()
