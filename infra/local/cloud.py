"""Starting and stopping the local cloud: one MiniStack on 127.0.0.1, with its state in one folder.

What does not belong here: what is deployed into it (`infra.deploy`), and the commands (`__main__`).
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.service import is_alive, running_pid

REGION = "us-east-1"
ACCOUNT = "000000000000"
ROOT_KEY = "test"
DEFAULT_PORT = 4566
PROFILES = {
    name: name
    for name in ("ecom-batch", "ecom-producer", "ecom-cleaner", "ecom-observer", "ecom-heartbeat")
}
"""Profile of the AWS configuration → the role that it works under."""

START_SECONDS = 60
STOP_SECONDS = 60


class LocalCloudError(RuntimeError):
    """The local cloud does not start or stop; the message says what to do."""


@dataclass(frozen=True)
class LocalCloud:
    """A local cloud: a folder that holds all its state, and a port on 127.0.0.1."""

    directory: Path
    port: int = DEFAULT_PORT

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.directory / "ministack.log"

    @property
    def _scratch(self) -> Path:
        return self.directory / "scratch"

    @property
    def _pid_file(self) -> Path:
        return self.directory / "ministack.pid"

    def environment(self) -> dict[str, str]:
        """What makes any AWS client speak to this cloud, and Dagster work under its role."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": str(self.directory / "aws_config"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own word for well
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def is_running(self) -> bool:
        """Whether this folder's cloud runs, on this port."""
        return self._pid() is not None and self.is_healthy()

    def start(self) -> bool:
        """Start it, unless it runs already; says whether it was started.

        Raises:
            LocalCloudError: the port belongs to another program, or the server does not come up.

        """
        if self.is_running():
            return False
        if not _is_free(self.port):
            raise LocalCloudError(
                f"port {self.port} on 127.0.0.1 is taken by another program; stop that program, or"
                f" choose another port: CLOUD_PORT={self.port + 1} make …"
            )
        self.directory.mkdir(parents=True, exist_ok=True)
        self._write_profiles()
        # The server unpacks functions here, and leaves them when it stops.
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        with self.log_file.open("ab") as log:
            # A session of its own: Ctrl-C is for the command in front, which stops this in order.
            server = subprocess.Popen(
                [sys.executable, "-m", "infra.local.ministack_server"],
                env=self._server_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._pid_file.write_text(str(server.pid))
        self._wait_until_healthy(server)
        return True

    def stop(self) -> None:
        """Stop it and wait, so that its state is written; safe when it does not run."""
        pid = self._pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while is_alive(pid):
            if time.monotonic() > deadline:
                raise LocalCloudError(f"process {pid} does not stop; end it with: kill -9 {pid}")
            time.sleep(0.05)
        self._pid_file.unlink(missing_ok=True)

    def _pid(self) -> int | None:
        return running_pid(self._pid_file, marker="ministack_server")

    def _wait_until_healthy(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_healthy():
            if server.poll() is not None or time.monotonic() > deadline:
                self._pid_file.unlink(missing_ok=True)
                server.kill()
                tail = self.log_file.read_text(errors="replace").splitlines()[-5:]
                raise LocalCloudError(
                    "the local cloud did not start; the end of its log:\n  " + "\n  ".join(tail)
                )
            time.sleep(0.05)

    def _server_environment(self) -> Mapping[str, str]:
        """Nothing but what is meant: a Lambda would inherit all that stands in here."""
        return {
            "HOME": str(Path.home()),
            "PATH": "/usr/bin:/bin",
            "TMPDIR": str(self._scratch),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "SFTP_HOST": "127.0.0.1",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.directory / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.directory / "s3"),
            "LOG_LEVEL": "WARNING",
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }

    def _write_profiles(self) -> None:
        sections = [
            f"[profile {profile}]\n"
            f"role_arn = arn:aws:iam::{ACCOUNT}:role/{role}\n"
            "credential_source = Environment\n"
            f"region = {REGION}\n"
            for profile, role in PROFILES.items()
        ]
        (self.directory / "aws_config").write_text("\n".join(sections))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
