"""A running Dagster instance: starting its web UI, asking it by GraphQL, and waiting for it.

What does not belong here: what a person sees of it (`web_ui`).
"""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecom_platform_tests.support.waiting import wait_until
from infra.local.ports import free_port

START_SECONDS = 120
STOP_SECONDS = 60
BUILD_SECONDS = 420
QUIET_SECONDS = 35
"""Longer than any sensor and the backfill daemon wait between two looks."""

RUNS = """query { runsOrError(filter: {statuses: [NOT_STARTED, QUEUED, STARTING, STARTED]}) {
  ... on Runs { results { runId } } } }"""
BACKFILLS = """query { partitionBackfillsOrError(limit: 50) { ... on PartitionBackfills {
  results { id status assetSelection { path } tags { key value } } } } }"""
BACKFILL_RUNS = """query($filter: RunsFilter!) { runsOrError(filter: $filter) {
  ... on Runs { results { runId status assetSelection { path } } } } }"""
ASSETS = "query { assetNodes { assetKey { path } partitionStats { numMaterialized } } }"
DAYS = """query($key: AssetKeyInput!, $days: [String!]) { assetNodeOrError(assetKey: $key) {
  ... on AssetNode { latestMaterializationByPartition(partitions: $days) { runId } } } }"""


@dataclass(frozen=True)
class Instance:
    """The instance behind a web UI on 127.0.0.1."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(  # noqa: S310 - the one address is on 127.0.0.1
            f"{self.url}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            found: dict[str, Any] = json.load(answer)
        assert "errors" not in found, found["errors"]
        return dict(found["data"])

    def is_up(self) -> bool:
        try:
            return bool(self.built_days())
        except OSError:
            return False

    def built_days(self) -> dict[str, int]:
        """How many partitions of each partitioned asset were materialized."""
        return {
            "/".join(node["assetKey"]["path"]): node["partitionStats"]["numMaterialized"]
            for node in self.ask(ASSETS)["assetNodes"]
            if node["partitionStats"]
        }

    def backfills(self) -> list[dict[str, Any]]:
        """The newest first."""
        return list(self.ask(BACKFILLS)["partitionBackfillsOrError"]["results"])

    def runs_of(self, backfill_id: str) -> list[dict[str, Any]]:
        tags = [{"key": "dagster/backfill", "value": backfill_id}]
        return list(self.ask(BACKFILL_RUNS, filter={"tags": tags})["runsOrError"]["results"])

    def built_by(self, key: Sequence[str], days: Sequence[str]) -> list[str]:
        """The run that materialized each of the days last."""
        node = self.ask(DAYS, key={"path": list(key)}, days=list(days))["assetNodeOrError"]
        return [event["runId"] for event in node["latestMaterializationByPartition"] if event]

    def is_busy(self) -> bool:
        waiting = [one for one in self.backfills() if one["status"] == "REQUESTED"]
        return bool(waiting or self.ask(RUNS)["runsOrError"]["results"])

    def wait_until_quiet(self) -> None:
        """Wait until nothing was under way for a while."""
        busy_at = time.monotonic()

        def is_quiet() -> bool:
            nonlocal busy_at
            if self.is_busy():
                busy_at = time.monotonic()
            return time.monotonic() - busy_at > QUIET_SECONDS

        wait_for("the instance to be quiet", is_quiet)

    def wait_for_backfill(self, launched: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the newest backfill that was started in the browser is over."""
        found: list[dict[str, Any]] = []

        def is_over() -> bool:
            by_hand = [one for one in self.backfills() if _is_from_browser(one) and launched(one)]
            found[:] = by_hand[:1]
            return bool(found) and found[0]["status"] not in {"REQUESTED", "FAILING"}

        wait_for("the backfill", is_over)
        return found[0]


def _is_from_browser(backfill: dict[str, Any]) -> bool:
    return {"key": "dagster/from_ui", "value": "true"} in backfill["tags"]


def wait_for(what: str, is_so: Callable[[], bool], seconds: float = BUILD_SECONDS) -> None:
    """Look once a second.

    Raises:
        TimeoutError: it did not come about in time.

    """
    wait_until(is_so, seconds, what, pause=1)


@contextmanager
def dagster_up(port: int, log_file: Path) -> Iterator[Instance]:
    """`make up` on a port; stopped in order, with all that it started."""
    ports = (f"--port={port}", f"--dashboard-port={free_port()}")
    with log_file.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ecom_platform.commands.up", *ports],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    instance = Instance(port)
    try:
        wait_for("the web UI", instance.is_up, START_SECONDS)
        yield instance
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
