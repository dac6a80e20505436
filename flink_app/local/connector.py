"""The Kinesis connector's jar, fetched once by its Maven coordinates and kept in this environment.

`python -m local.connector` fetches it; the set-up does that, so that a start needs no network.
"""

import shutil
import sys
from pathlib import Path

CONNECTOR = "org.apache.flink:flink-sql-connector-kinesis:4.0.0-1.16"
JAR = Path(sys.prefix) / "connector.jar"


class MissingConnectorError(FileNotFoundError):
    """The jar was not fetched yet."""


def connector_jar() -> Path:
    """Return the jar that the set-up has fetched."""
    if not JAR.exists():
        message = f"{JAR} is missing; fetch it with: python -m local.connector"
        raise MissingConnectorError(message)
    return JAR


def fetch() -> None:
    """Download the jar with what it needs, and keep it beside the libraries of Python."""
    import jgo  # noqa: PLC0415 - slow to load, and only the set-up needs it

    found = sorted(Path(jgo.build(CONNECTOR).path).rglob("flink-sql-connector-kinesis-*.jar"))
    unfinished = JAR.with_suffix(".unfinished")
    shutil.copyfile(found[0], unfinished)
    unfinished.replace(JAR)


if __name__ == "__main__":
    fetch()
