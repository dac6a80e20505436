"""What a bill is made of: how much there is of everything at so many events a second.

Sizes are the templates' own settings; what was measured says where. What does not belong here: the
lines of the bill (`costs`, `streaming_costs`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.bills import read_prices
from infra.templates import load_template

HOURS = 730
SECONDS = HOURS * 3600
DAY, DAYS = 86_400, 30
GB, MILLION = 1e9, 1e6

RECORD_BYTES = 335
"""An event on the stream, as the simulator sends it."""
EVENTS_PER_CPU_SECOND = 180
"""RocksDB, all rules, one subtask; 182 with half of all events by one user (docs/streaming.md)."""
HEADROOM = 1.5
"""The busiest hour of the published shop is so much above its mean."""
STATES_PER_EVENT = {5: 0.995, 60: 0.705}
"""States of sessions an event, by the seconds of their window: the real slice of 17,434 events."""
IN_CARTS = 0.043
"""Of the states of sessions those that had a cart: the real slice, windows of a minute."""
UNITS_OF_INDEX = 2
"""Write units where a session is in the index: its key changes, and so it is written twice."""
UPDATE_SECONDS = 0.005
"""Of one item, by the session recorder; they are written one after the other."""
HEARTBEAT_SECONDS, HEARTBEAT_GB = 55, 0.125
FIREHOSE_ROUNDING = 5_000
"""Bytes to which Firehose rounds each record up, whatever its size."""
QUIET_CARTS_PER_EVENT = 0.01
RUN_SECONDS = 120
"""Of a run of Dagster but for its work: most of it is the start of its task."""
PUBLISHED = {"batch": 183.56, "realtime": 2344.96}
"""Clickstream Analytics on AWS, the sums of its own table: daily batch, and 100 events a second."""


@dataclass(frozen=True)
class Line:
    """A line of the bill, US dollars a month."""

    part: str
    service: str
    what: str
    usd: float


@dataclass(frozen=True)
class Installation:
    """Sizes as the templates have them, for so many events a second."""

    events: float
    prices: Mapping[str, float]
    settings: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, events: float) -> "Installation":
        names = ("streaming", "hosting", "sessions")
        found = {name: load_template(name)["Parameters"] for name in names}
        defaults = {
            name: {key: one.get("Default") for key, one in parameters.items()}
            for name, parameters in found.items()
        }
        return cls(events, read_prices(), defaults)

    @property
    def shards(self) -> int:
        """Of raw events, and subtasks of Flink: what state takes decides, not what a shard does."""
        by_state = self.events * HEADROOM / EVENTS_PER_CPU_SECOND
        return max(1, math.ceil(max(by_state, self.events * HEADROOM / 1000)))

    def price(self, name: str) -> float:
        return self.prices[name]

    def task(self, name: str) -> tuple[float, float]:
        """Cores and gigabytes of a task of `hosting.yaml`: `Dagster`, `Dashboard` or `Run`."""
        sizes = self.settings["hosting"]
        return int(sizes[f"{name}Cpu"]) / 1024, int(sizes[f"{name}Memory"]) / 1024

    def task_hour(self, name: str) -> float:
        """What an hour of it costs."""
        cores, gigabytes = self.task(name)
        return cores * self.price("fargate.arm_vcpu_hour") + gigabytes * self.price(
            "fargate.arm_gb_hour"
        )
