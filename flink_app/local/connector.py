"""The Kinesis connector's jar, fetched once by its Maven coordinates and kept in this environment.

`python -m local.connector` fetches it; the set-up does that, so that a start needs no network.
"""

import hashlib
import shutil
import sys
from pathlib import Path

CONNECTOR = "org.apache.flink:flink-sql-connector-kinesis:4.0.0-1.16"
SHA256 = "8ce0499c6fc3e7c7c4b17c138c152a2a4d6ee3095e374aaf7503265f112b4261"
"""Of the jar: it runs with the job's rights, here and in the package for the service."""

JAR = Path(sys.prefix) / "connector.jar"


class WrongConnectorError(RuntimeError):
    """What was fetched is not the jar that is known."""


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
    check(unfinished)
    unfinished.replace(JAR)


def check(jar: Path) -> None:
    """Refuse a jar of other bytes.

    Raises:
        WrongConnectorError: its digest is another one.

    """
    with jar.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != SHA256:
        jar.unlink()
        message = (
            f"the jar of {CONNECTOR} has the SHA-256 {digest}, wanted is {SHA256};"
            " fetch it from another mirror, or change the digest with the version"
        )
        raise WrongConnectorError(message)


if __name__ == "__main__":
    fetch()
