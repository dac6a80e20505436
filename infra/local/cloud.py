"""Starting and stopping the local cloud: one MiniStack on 127.0.0.1, with its state in one folder.

What does not belong here: what is deployed into it (`infra.deploy`), and the commands (`__main__`).
"""

import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.ports import is_taken
from infra.local.service import Service, ServiceError

REGION = "us-east-1"
ACCOUNT = "000000000000"
ROOT_KEY = "test"
DEFAULT_PORT = 4566
DECISIONS = "ECOM_DECISIONS"
"""Names a file in which the server keeps what its IAM decided."""
ROLES = (
    "batch",
    "producer",
    "reader",
    "cleaner",
    "replayer",
    "eraser",
    "on-call",
    "observer",
    "heartbeat",
    "stage-events",
)
"""Each has a profile of the AWS configuration that is called as the role is: `ecom-batch`."""
PROFILE_VARIABLES = {
    "ECOM_AWS_PROFILE": "batch",
    "ECOM_READER_PROFILE": "reader",
    "ECOM_PRODUCER_PROFILE": "producer",
    "ECOM_CLEANER_PROFILE": "cleaner",
    "ECOM_REPLAYER_PROFILE": "replayer",
    "ECOM_ERASER_PROFILE": "eraser",
    "ECOM_ON_CALL_PROFILE": "on-call",
    "ECOM_OBSERVER_PROFILE": "observer",
}

START_SECONDS = 60
STOP_SECONDS = 60


class LocalCloudError(RuntimeError):
    """The local cloud does not start or stop; the message says what to do."""


@dataclass(frozen=True)
class LocalCloud:
    """A local cloud: a folder that holds all its state, and a port on 127.0.0.1.

    It can hold several installations; `prefix` is that of the one which is meant.
    """

    directory: Path
    port: int = DEFAULT_PORT
    prefix: str = "ecom-"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self._server.log_file

    @property
    def _scratch(self) -> Path:
        return self.directory / "scratch"

    @property
    def _server(self) -> Service:
        return Service(
            name="ministack",
            python=Path(sys.executable),
            module="infra.local.ministack_server",
            arguments=(),
            home=self.directory,
            directory=self.directory,
            ends_with_parent=False,
        )

    def environment(self) -> dict[str, str]:
        """What makes any AWS client speak to this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": str(self.directory / f"{self.prefix}aws_config"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def installation(self, bucket: str | None = None) -> dict[str, str]:
        """The same, and what the platform must know of the installation on it."""
        profiles = {name: f"{self.prefix}{role}" for name, role in PROFILE_VARIABLES.items()}
        return {
            **self.environment(),
            "ECOM_ENVIRONMENT": "local",
            "ECOM_PREFIX": self.prefix,
            "ECOM_DATA_BUCKET": bucket or f"{self.prefix}data-local",
            **profiles,
        }

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own word for well
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def is_running(self) -> bool:
        """Whether this folder's cloud runs, on this port."""
        return self._server.is_running() and self.is_healthy()

    def start(self) -> bool:
        """Start it, unless it runs already; says whether it was started.

        Raises:
            LocalCloudError: the port belongs to another program, or the server does not come up.

        """
        if self.is_running():
            self._write_profiles()
            return False
        if is_taken(self.port):
            raise LocalCloudError(
                f"port {self.port} on 127.0.0.1 is taken by another program; stop that program, or"
                f" choose another port: CLOUD_PORT={self.port + 1} make …"
            )
        self.directory.mkdir(parents=True, exist_ok=True)
        self._write_profiles()
        # The server unpacks functions here, and leaves them when it stops.
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        self._server.start(self._server_environment())
        self._wait_until_healthy()
        return True

    def stop(self) -> None:
        """Stop it and wait, so that its state is written; safe when it does not run.

        Raises:
            LocalCloudError: it does not stop.

        """
        try:
            self._server.stop(seconds=STOP_SECONDS, is_forced=False)
        except ServiceError as error:
            raise LocalCloudError(str(error)) from error

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_healthy():
            if not self._server.is_running() or time.monotonic() > deadline:
                self._server.stop(seconds=1)
                raise LocalCloudError(f"the local cloud did not start; {self._server.log_tail()}")
            time.sleep(0.05)

    def _server_environment(self) -> Mapping[str, str]:
        """Nothing but what is meant: a Lambda would inherit all that stands in here."""
        return {
            **{name: os.environ[name] for name in (DECISIONS,) if name in os.environ},
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
            f"[profile {self.prefix}{role}]\n"
            f"role_arn = arn:aws:iam::{ACCOUNT}:role/{self.prefix}{role}\n"
            "credential_source = Environment\n"
            f"region = {REGION}\n"
            for role in ROLES
        ]
        Path(self.environment()["AWS_CONFIG_FILE"]).write_text("\n".join(sections))
