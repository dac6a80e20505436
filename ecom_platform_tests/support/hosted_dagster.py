"""Dagster as it is hosted: its settings, on a real PostgreSQL of this machine.

Of `infra/hosting/dagster.yaml` all but two parts, which only AWS has: who starts a run's process,
and where logs of processes go.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import psycopg
import yaml

from benchmarks.fresh_platform import let_through
from ecom_platform_tests.support.places import ROOT
from ecom_platform_tests.support.processes import kill, processes_of
from ecom_platform_tests.support.waiting import wait_until
from infra.local.ports import free_port
from infra.local.postgres import ADMIN, LocalPostgres

OF_AWS = ("run_launcher", "compute_logs")
BACKFILL = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""


@dataclass
class HostedDagster:
    """A home with its processes: the web UI, which launches backfills, and the daemon."""

    home: Path
    ui_port: int
    processes: "list[subprocess.Popen[bytes]]"

    def start(self, *names: str) -> None:
        """Start programs of Dagster, each in a process group of its own."""
        arguments = {"webserver": ["-h", "127.0.0.1", "-p", str(self.ui_port)], "daemon": ["run"]}
        for name in names:
            with (self.home.parent / f"{name}.log").open("ab") as log:
                program = Path(sys.executable).with_name(f"dagster-{name}")
                command = [str(program), *arguments[name], "-w", str(ROOT / "workspace.yaml")]
                self.processes.append(
                    subprocess.Popen(
                        command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
                    )
                )

    def kill(self) -> None:
        """SIGKILL for everything that belongs to this home: daemon, servers, run workers."""
        kill(processes_of(self.home))
        for process in self.processes:
            process.wait()
        wait_until(lambda: not processes_of(self.home), 30, "all of Dagster is gone", pause=0.1)
        self.processes.clear()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ui_port}/server_info", timeout=2):
                return True
        except OSError:
            return False

    def backfill(self, key: Sequence[str], days: Sequence[str]) -> str:
        """Ask for days of an asset, as the web UI does; returns the backfill's id."""
        params = {"assetSelection": [{"path": list(key)}], "partitionNames": list(days)}
        body = json.dumps({"query": BACKFILL, "variables": {"params": params}}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ui_port}/graphql",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            said: dict[str, Any] = json.load(answer)["data"]["launchPartitionBackfill"]
        return str(said["backfillId"])


@contextmanager
def hosted_dagster(folder: Path) -> Iterator[HostedDagster]:
    """PostgreSQL and a home with the hosted settings; nothing of Dagster runs yet."""
    home = folder / "home"
    home.mkdir()
    settings = yaml.safe_load((ROOT / "infra/hosting/dagster.yaml").read_text())
    kept = {name: part for name, part in settings.items() if name not in OF_AWS}
    (home / "dagster.yaml").write_text(yaml.safe_dump(kept))
    with _database() as server:
        variables = {
            "DAGSTER_HOME": str(home),
            "DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "DAGSTER_POSTGRES_PORT": str(server.port),
            "DAGSTER_POSTGRES_USER": ADMIN,
            "DAGSTER_POSTGRES_PASSWORD": server.password,
            "DAGSTER_POSTGRES_DB": "dagster",
        }
        found = HostedDagster(home, free_port(), [])
        with patch.dict(os.environ, variables):
            try:
                yield found
            finally:
                found.kill()


@contextmanager
def _database() -> Iterator[LocalPostgres]:
    """A server outside of pytest's folders, which another session closes to everybody else."""
    with tempfile.TemporaryDirectory(prefix="ecom-dagster-") as name:
        let_through(Path(name))
        server = LocalPostgres(Path(name) / "postgres", free_port())
        server.start()
        try:
            with psycopg.connect(
                server.url(), user=ADMIN, password=server.password, autocommit=True
            ) as admin:
                admin.execute("create database dagster")
            yield server
        finally:
            server.stop()


def instance_of(home: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(home))
