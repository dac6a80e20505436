"""Flink is killed in the middle of an attack: the alert comes, and the tables are a calm run's."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ecom_platform.simulator.scenario import parse_scenario
from ecom_platform_tests.support.live_stream import (
    LiveStream,
    live_stream,
    ready,
)
from ecom_platform_tests.support.waiting import eventually

pytestmark = [pytest.mark.stream, pytest.mark.usefixtures("flink")]

SCENARIO = {
    "duration_seconds": 60,
    "people": {"rate": 30},
    "actors": [
        {"family": "catalog_scraping", "rate": 4, "start_seconds": 10, "duration_seconds": 50},
        {"family": "checkout_burst", "start_seconds": 5, "duration_seconds": 55},
        {"family": "cart_hoarding", "start_seconds": 5, "duration_seconds": 50},
    ],
}
KILLED_AT_SECONDS = 18
DRAIN_SECONDS = 120

State = dict[str, list[tuple[Any, ...]]]


def state_of(live: LiveStream, start_ms: int) -> State:
    """Alerts and sessions, with times since the start: what a replay at another time must equal."""

    def since(text: str) -> int:
        return round(datetime.fromisoformat(text).timestamp() * 1000) - start_ms

    alerts = [
        (
            item["rule"],
            item["entity"],
            item["severity"],
            since(item["opened_at"]),
            since(item["last_crossed_at"]),
            int(item["crossing_count"]),
            float(item["peak_value"]),
        )
        for item in live.items("alerts")
    ]
    counts = [f"{kind}_count" for kind in ("event", "view", "cart", "remove_from_cart", "purchase")]
    sessions = [
        (
            item["user_id"],
            item["user_session"],
            since(item["first_event_at"]),
            since(item["last_event_at"]),
            *(int(item[name]) for name in counts),
            item["cart_amount"],
            item["revenue_amount"],
        )
        for item in live.items("user-sessions")
    ]
    return {"alerts": sorted(alerts), "sessions": sorted(sessions)}


def played(folder: Path, meanwhile: Callable[[LiveStream], None]) -> State:
    """Play on a stream of its own, with something done to it meanwhile; the drained state."""
    with live_stream(folder) as live:
        play = ready(parse_scenario(SCENARIO, name="crash"))
        # Flink dies with the thread that started it, so that must be this one.
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(live.play, play)
            meanwhile(live)
            sent = playing.result()

        def is_drained() -> bool:
            return live.accepted_count() + len(live.rows("late-events")) == len(sent.records)

        assert eventually(is_drained, seconds=DRAIN_SECONDS), live.accepted_count()
        assert live.rows("late-events") == []
        return state_of(live, play.replay.start_ms)


@pytest.mark.timeout(900)
def test_killed_in_the_middle_of_an_attack_flink_leaves_the_tables_of_a_calm_run(
    tmp_path: Path,
) -> None:
    def kill_and_start(live: LiveStream) -> None:
        time.sleep(KILLED_AT_SECONDS)
        live.kill_flink()
        live.start_flink()
        jars = list((tmp_path / "killed/flink/temporary").glob("flink-table-planner*"))
        assert len(jars) == 1, "what the killed Flink copied stays"

    calm = played(tmp_path / "calm", lambda _: None)
    killed = played(tmp_path / "killed", kill_and_start)

    assert {alert[0] for alert in calm["alerts"]} >= {"user_flood", "checkout_burst"}
    assert killed["alerts"] == calm["alerts"]
    assert killed["sessions"] == calm["sessions"]
