"""A Flink job as its REST interface shows it while a benchmark runs.

What does not belong here: what is run, and what is made of the figures.
"""

import json
import math
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PAUSE_SECONDS = 0.25
TIMEOUT_SECONDS = 5
LATE_TASK = "late_events"
SHARE_NAMES = {
    "Source": "source, parsing and routing of good, bad and late records",
    "OverAggregate": "rule windows and crossings",
    "GroupWindowAggregate": "intervals of site_flood",
    "GlobalWindowAggregate": "windows of sessions",
}
"""First operator of a task → what it does."""


@dataclass
class JobWatch:
    """Watches one job until something holds, or until its process has ended.

    Attributes:
        running_at: when all its tasks were seen running, by `time.monotonic`.
        tasks: the tasks as they were seen last, in the order of the job graph.
        sizes: bytes of each completed checkpoint that was seen, by its number.

    """

    url: str
    running_at: float | None = None
    tasks: list[dict[str, Any]] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)

    def look(self) -> bool:
        """Look once; says whether the job could be seen."""
        jobs = self._get("/jobs/overview")
        if not jobs or not jobs["jobs"]:
            return False
        job = max(jobs["jobs"], key=lambda found: found["start-time"])
        detail = self._get(f"/jobs/{job['jid']}")
        if detail is None:
            return False
        self.tasks = detail["vertices"]
        checkpoints = self._get(f"/jobs/{job['jid']}/checkpoints") or {"history": []}
        for one in checkpoints["history"]:
            if one["status"] == "COMPLETED":
                self.sizes[one["id"]] = one["state_size"]
        counts = job["tasks"]
        if self.running_at is None and counts["running"] == counts["total"] > 0:
            self.running_at = time.monotonic()
        return True

    def watch(self, process: "subprocess.Popen[bytes] | None", until: Callable[[], bool]) -> float:
        """Seconds from all tasks running until something holds, or until the process has ended."""
        while process is None or process.poll() is None:
            if self.look() and until():
                break
            time.sleep(PAUSE_SECONDS)
        if self.running_at is None:
            raise TimeoutError(f"the job at {self.url} never ran")
        return time.monotonic() - self.running_at

    @property
    def most_read(self) -> int:
        """Records that the busiest reader among the tasks has read: every rule of all events."""
        return max((int(task["metrics"]["read-records"]) for task in self.tasks), default=0)

    @property
    def late_read(self) -> int:
        """Events that came behind the watermark: no rule reads them."""
        late = [task for task in self.tasks if task["name"].startswith(LATE_TASK)]
        return sum(int(task["metrics"]["read-records"]) for task in late)

    @property
    def checkpoint_bytes(self) -> list[int]:
        """Sizes of the completed checkpoints, in their order."""
        return [self.sizes[number] for number in sorted(self.sizes)]

    def shares(self) -> dict[str, float]:
        """Share of all busy time by kind of task; a source of the old kind measures none."""
        busy: dict[str, float] = {}
        for task in self.tasks:
            kind = task["name"].split("[")[0].split(":")[0].split(" ")[0]
            name = SHARE_NAMES.get(kind, kind)
            busy[name] = busy.get(name, 0.0) + _busy_ms(task)
        total = sum(busy.values()) or 1.0
        return {name: share / total for name, share in sorted(busy.items(), key=lambda x: -x[1])}

    def bound(self, seconds: float) -> tuple[str, float]:
        """The busiest task, and its busy time over that of the run: near 1, it is the bound."""
        task = max(self.tasks, key=_busy_ms)
        busy = _busy_ms(task) / 1000 / int(task["parallelism"])
        return task["name"].split(" -> ")[0], busy / seconds

    def _get(self, path: str) -> Any:  # noqa: ANN401 - Flink's JSON
        try:
            with urllib.request.urlopen(self.url + path, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - loopback
                return json.load(answer)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return None


def _busy_ms(task: Mapping[str, Any]) -> float:
    found = float(task["metrics"]["accumulated-busy-time"])
    return 0.0 if math.isnan(found) else found
