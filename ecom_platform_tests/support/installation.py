"""A whole installation in a folder: its own local cloud, and `make up` in front of it.

What does not belong here: what a test does to it, and reading tables (`tables`).
"""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import dagster as dg

from ecom_platform.batch import Batch
from ecom_platform.contracts import TABLES
from ecom_platform.resources.aws import CLIENTS
from ecom_platform.settings import Settings
from ecom_platform.tables.commits import commits_prefix, latest_numbers
from ecom_platform_tests.support.places import ROOT
from ecom_platform_tests.support.processes import kill, processes_of
from ecom_platform_tests.support.waiting import wait_until
from infra.deploy import deploy
from infra.local.cloud import LocalCloud
from infra.local.ports import free_port

START_SECONDS = 90
STOP_SECONDS = 90

Versions = dict[tuple[str, str], int]
"""Table and partition → number of its newest commit."""


@dataclass
class Installation:
    """A state folder and two free ports; everything that is started here is stopped here."""

    state: Path
    cloud_port: int = field(default_factory=free_port)
    ui_port: int = field(default_factory=free_port)
    dashboard_port: int = field(default_factory=free_port)
    front: "subprocess.Popen[bytes] | None" = None

    @property
    def cloud(self) -> LocalCloud:
        return LocalCloud(self.state / "cloud", self.cloud_port)

    @property
    def home(self) -> Path:
        return self.state / "dagster"

    @property
    def log(self) -> Path:
        return self.state.parent / f"{self.state.name}.log"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make this process speak to the installation's cloud, which need not be up yet."""
        scratch = self.state.parent / "reading"
        self.home.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(parents=True, exist_ok=True)
        variables = {
            **self.cloud.installation(),
            "ECOM_SCRATCH_DIR": str(scratch),
        }
        with patch.dict(os.environ, variables):
            CLIENTS.forget()
            try:
                yield
            finally:
                CLIENTS.forget()

    @contextmanager
    def cloud_up(self) -> Iterator[None]:
        """The cloud alone, deployed; `start_up` then leaves it as it is."""
        self.cloud.start()
        try:
            deploy("local")
            yield
        finally:
            self.cloud.stop()

    def batch(self) -> Batch:
        """The platform in this process, on the Dagster instance that `up` works on too."""
        instance = dg.DagsterInstance.from_config(str(self.home))
        return Batch.of(Settings.from_environment(), instance, say=lambda _: None)

    def build(self) -> None:
        """`make build`."""
        with self.log.open("ab") as log:
            command = self.command("-m", "ecom_platform.commands.build")
            subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=True)

    def command(self, *words: str) -> list[str]:
        """A command under `infra.local run`, as the make targets start it."""
        place = ["--state", str(self.state), "--port", str(self.cloud_port)]
        return [sys.executable, "-m", "infra.local", *place, "run", sys.executable, *words]

    def start_up(self) -> None:
        """`make up`, and wait until the web UI answers."""
        ports = ("--port", str(self.ui_port), "--dashboard-port", str(self.dashboard_port))
        command = self.command("-m", "ecom_platform.commands.up", *ports)
        with self.log.open("ab") as log:
            self.front = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        wait_until(self.answers, START_SECONDS, f"the web UI is up; see {self.log}")

    def stop_up(self) -> None:
        """Ctrl-C, and whatever still lives after it is ended."""
        if self.front is None:
            return
        if self.front.poll() is None:
            self.front.send_signal(signal.SIGINT)
        try:
            self.front.wait(STOP_SECONDS)
        finally:
            kill(self.processes())
            self.front = None

    def is_up(self) -> bool:
        return self.front is not None and self.front.poll() is None

    def answers(self) -> bool:
        assert self.is_up(), f"`up` ended; see {self.log}"
        try:
            with urllib.request.urlopen(self.url("/server_info"), timeout=2) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.ui_port}{path}"

    def processes(self, word: str = "") -> list[int]:
        """Dagster's processes on this installation, of those whose command has a word in it."""
        return processes_of(self.home, word)


def versions(batch: Batch) -> Versions:
    """The number of the newest commit of each partition of each table."""
    return {
        (table.path, name): number
        for table in TABLES.values()
        for name, number in latest_numbers(
            batch.tables.objects.list_keys(commits_prefix(table.prefix))
        ).items()
    }


def unfinished_runs(batch: Batch) -> list[str]:
    statuses = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    return [run.run_id for run in batch.instance.get_runs(dg.RunsFilter(statuses=statuses))]


def rebuilt(before: Versions, after: Versions) -> dict[str, list[str]]:
    """Table → the partitions that got new commits."""
    found: dict[str, list[str]] = {}
    for (table, name), number in sorted(after.items()):
        if number != before.get((table, name), 0):
            found.setdefault(table, []).append(name)
    return found
