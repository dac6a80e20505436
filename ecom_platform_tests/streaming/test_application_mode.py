"""The job as AWS runs it starts, and each upgrade does to its state what docs/deploying.md says."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from ecom_platform_tests.support.application_mode import (
    ALLOWED,
    application_cluster,
    application_copy,
)
from ecom_platform_tests.support.clouds import local_cloud
from ecom_platform_tests.support.kinesis_cloud import read_stream
from ecom_platform_tests.support.waiting import eventually

pytestmark = [pytest.mark.usefixtures("flink"), pytest.mark.stream]

STREAMS = ("detections", "user-sessions", "quiet-carts", "dead-letters", "late-events")
RAW = "ecom-raw-events"
FLOODER, STRADDLER = 600_000_000, 600_000_001
START = (int(time.time()) // 300 - 12) * 300_000
SECOND_SHARD = str(2**127 + 5)
THRESHOLD = 30
Change = Callable[[Path], None]


def wire(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(at: int, user: int, number: int) -> dict[str, Any]:
    return {
        "event_id": f"{user}-{number}",
        "event_time": wire(at),
        "event_type": "view",
        "product_id": 1_000_000 + number,
        "category_id": 5,
        "price": "9.99",
        "user_id": user,
        "user_session": f"s-{user}",
    }


def put(events: list[dict[str, Any]], until: int) -> None:
    """Put events on one shard, and let the time of both pass."""
    beat = {"event_type": "heartbeat", "event_time": wire(until), "event_id": f"beat-{until}"}
    records = [(one, "0") for one in events] + [(beat, "0"), (beat, SECOND_SHARD)]
    entries: Any = [
        {"Data": json.dumps(one).encode(), "PartitionKey": "x", "ExplicitHashKey": shard}
        for one, shard in records
    ]
    boto3.client("kinesis").put_records(StreamName=RAW, Records=entries)


def rows(stream: str) -> list[dict[str, Any]]:
    return [fields for fields, _ in read_stream(boto3.client("kinesis"), f"ecom-{stream}")]


def alerted() -> list[tuple[int, float]]:
    """Who crossed the flood's threshold, and with how many events."""
    return [
        (int(one["entity_id"]), float(one["observed_value"]))
        for one in rows("detections")
        if one["rule"] == "user_flood"
    ]


def counted(user: int) -> list[int]:
    return [one["event_count"] for one in rows("user-sessions") if one["user_id"] == user]


@dataclass
class Base:
    """A run that was ended by a savepoint, with half of an attack in its state."""

    folder: Path
    endpoint: str
    savepoint: str

    def application(self, name: str, change: Change | None = None, threshold: int = 0) -> Path:
        found = application_copy(self.folder / f"app-{name}", overlay(self.endpoint, threshold))
        if change:
            change(found)
        return found


def overlay(endpoint: str, threshold: int = 0) -> dict[str, dict[str, str]]:
    """What the service would give the application of this installation."""
    tables = ("raw_events", *(name.replace("-", "_") for name in STREAMS))
    return {
        "event_time": {"tolerance_seconds": "315360000"},
        **{f"table.{name}": {"aws.endpoint": endpoint} for name in tables},
        **({"rule.user_flood": {"threshold": str(threshold)}} if threshold else {}),
    }


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    folder = tmp_path_factory.mktemp("application")
    with local_cloud(folder) as cloud:
        kinesis = boto3.client("kinesis")
        kinesis.create_stream(StreamName=RAW, ShardCount=2)
        for name in STREAMS:
            kinesis.create_stream(StreamName=f"ecom-{name}", ShardCount=1)
        application = application_copy(folder / "app", overlay(cloud.endpoint))
        with application_cluster(folder / "base", application) as cluster:
            assert cluster.outcome() == "RUNNING", cluster.why()
            put([event(START + 1000 + 50 * n, FLOODER, n) for n in range(40)], START + 3000)
            put([event(START + 3000 + 50 * n, STRADDLER, n) for n in range(25)], START + 7000)
            assert eventually(lambda: alerted() and counted(STRADDLER), seconds=60)
            assert [user for user, _ in alerted()] == [FLOODER]
            savepoint = cluster.cancel_with_savepoint()
        yield Base(folder, cloud.endpoint, savepoint)


def remove_a_rule(application: Path) -> None:
    (application / "sql/rules/machine_rhythm.sql").unlink()
    path = application / "application_properties.json"
    groups = json.loads(path.read_text())
    kept = [one for one in groups if one["PropertyGroupId"] != "rule.machine_rhythm"]
    path.write_text(json.dumps(kept))


def _replace(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        assert old in text, (path.name, old)
        text = text.replace(old, new, 1)
    path.write_text(text)


def add_a_computed_column(application: Path) -> None:
    _replace(
        application / "sql/tables/raw_events.sql",
        ("  watermark for", "  line_length as char_length(line),\n  watermark for"),
    )


def add_an_aggregate(application: Path) -> None:
    last = "last_product_id bigint"
    _replace(
        application / "sql/tables/user_sessions.sql", (last, f"{last},\n  highest_price string")
    )
    look = "cast(split_index(last_look, ' ', 1) as bigint)"
    revenue = "sum(revenue_amount) over session_so_far as revenue_amount,"
    _replace(
        application / "sql/inserts/user_sessions.sql",
        (
            "max(cast(event_ms as string) ||",
            "max(price) as highest,\n    max(cast(event_ms as string) ||",
        ),
        (revenue, f"{revenue}\n    max(highest) over session_so_far as highest,"),
        (look, f"{look},\n  cast(highest as string)"),
    )


def test_a_changed_threshold_goes_on_from_the_state(base: Base) -> None:
    application = base.application("threshold", threshold=THRESHOLD + 3)
    with application_cluster(base.folder / "threshold", application, base.savepoint) as cluster:
        assert cluster.outcome() == "RUNNING", cluster.why()
        put([event(START + 8000 + 100 * n, STRADDLER, 100 + n) for n in range(10)], START + 30_000)
        # 25 events before the savepoint, and what came after it; nobody is told twice.
        assert eventually(lambda: 35 in counted(STRADDLER), seconds=60), counted(STRADDLER)
        assert eventually(lambda: len(alerted()) > 1, seconds=30), alerted()
        (first, _), (second, value) = alerted()
        assert (first, second) == (FLOODER, STRADDLER)
        assert value > THRESHOLD + 3


@pytest.mark.parametrize(
    ("name", "change", "outcomes", "reason"),
    [
        ("removed", remove_a_rule, {"FAILED", "EXIT"}, "Cannot map checkpoint/savepoint state"),
        ("aggregate", add_an_aggregate, {"FAILED", "EXIT"}, "must not be incompatible"),
        ("column", add_a_computed_column, {"RUNNING"}, ""),
    ],
)
def test_changes_of_the_graph_do_what_the_page_says(
    base: Base, name: str, change: Change, outcomes: set[str], reason: str
) -> None:
    application = base.application(name, change)
    with application_cluster(base.folder / name, application, base.savepoint) as cluster:
        outcome = cluster.outcome()
        if outcome == "RUNNING" and outcome not in outcomes:
            # State is read when tasks have started.
            assert eventually(lambda: cluster.job()["state"] == "FAILED", seconds=60)
            outcome = "FAILED"
        assert outcome in outcomes, cluster.why()
        assert reason in cluster.why()


def test_an_option_that_the_service_does_not_let_a_program_set_is_refused(base: Base) -> None:
    allowed = tuple(one for one in ALLOWED if one != "pipeline.name")
    application = base.application("locked")
    folder = base.folder / "locked"
    with application_cluster(folder, application, allowed=allowed) as cluster:
        assert cluster.outcome() == "EXIT"
        assert "MutatedConfigurationException" in cluster.why()
        assert "pipeline.name" in cluster.why()
