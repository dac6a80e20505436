"""Quiet carts on a live stream: in time, once each, none lost or doubled when Flink is killed."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ecom_platform.simulator.replay import EVENT
from ecom_platform.simulator.scenario import parse_scenario
from ecom_platform_tests.support.inbox import QUIET_CARTS_ARN, Inbox
from ecom_platform_tests.support.live_stream import LiveStream, Sent, live_stream, ready
from ecom_platform_tests.support.waiting import eventually
from infra.local.streaming import QUIET_VARIABLE

pytestmark = pytest.mark.usefixtures("flink")

QUIET = timedelta(seconds=10)
LATEST_SECONDS = 5.0
DRAIN_SECONDS = 120
FLOODER = {"family": "cart_hoarding", "rate": 5, "start_seconds": 2, "duration_seconds": 25}
SCENARIO = {"duration_seconds": 40, "people": {"rate": 60}, "actors": [FLOODER]}

Key = tuple[str, str]


@dataclass(frozen=True)
class Told:
    """What lies in the table, and what the topic said."""

    items: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    expected: set[Key]

    @property
    def keys(self) -> list[Key]:
        return [(one["user_id"], one["user_session"]) for one in self.items]


def quiet_sessions(sent: Sent) -> set[Key]:
    """Sessions that at some pause had a product whose last change was a cart, of the same place."""
    sessions: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for record in sent.records:
        if record.what == EVENT:
            event = json.loads(record.data)
            if event["user_session"]:
                sessions[str(event["user_id"]), event["user_session"]].append(event)
    return {key for key, events in sessions.items() if any(map(_is_filled, pauses(events)))}


def pauses(events: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The events of a session, cut where nothing came for long."""
    found: list[list[dict[str, Any]]] = []
    for event in sorted(events, key=lambda one: one["event_time"]):
        moment = datetime.fromisoformat(event["event_time"])
        if not found or moment - datetime.fromisoformat(found[-1][-1]["event_time"]) > QUIET:
            found.append([])
        found[-1].append(event)
    return found


def _is_filled(events: Sequence[dict[str, Any]]) -> bool:
    last: dict[int, str] = {}
    for event in events:
        if event["event_type"] != "view":
            last[event["product_id"] % 16] = event["event_type"]
    return "cart" in last.values()


def played(
    folder: Path, patch: pytest.MonkeyPatch, meanwhile: Callable[[LiveStream], None]
) -> Told:
    patch.setenv(QUIET_VARIABLE, str(int(QUIET.total_seconds())))
    with live_stream(folder) as live:
        inbox = Inbox.opened(QUIET_CARTS_ARN)
        play = ready(parse_scenario(SCENARIO, name="quiet carts"))
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(live.play, play)
            meanwhile(live)
            sent = playing.result()
        bots = {
            item["entity"].removeprefix("user#")
            for item in eventually(lambda: live.items("alerts"), seconds=DRAIN_SECONDS)
        }
        expected = {key for key in quiet_sessions(sent) if key[0] not in bots}

        def keys() -> set[Key]:
            items = live.items("quiet-carts")
            return {(i["user_id"], i["user_session"]) for i in items if "notified_at" in i}

        assert eventually(lambda: keys() >= expected, seconds=DRAIN_SECONDS), expected - keys()
        # Whatever is told twice would come right behind.
        time.sleep(3)
        return Told(live.items("quiet-carts"), inbox.messages(wait_seconds=1), expected)


def assert_each_is_told_once(told: Told) -> None:
    assert sorted(told.keys) == sorted(told.expected)
    ids = [one["trigger_id"] for one in told.messages]
    assert sorted(ids) == sorted("#".join(key) for key in told.expected)


@pytest.mark.stream
@pytest.mark.timeout(400)
def test_quiet_cart_is_told_within_seconds_of_its_pause_and_never_of_a_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = played(tmp_path / "state", monkeypatch, lambda _: None)

    assert len(told.expected) > 20, "the example would prove little"
    assert_each_is_told_once(told)
    seconds = [
        (
            datetime.fromisoformat(item["notified_at"])
            - datetime.fromisoformat(item["last_event_at"])
            - QUIET
        ).total_seconds()
        for item in told.items
    ]
    print(f"told {min(seconds):.1f} to {max(seconds):.1f} s after the end of the pause")
    assert max(seconds) <= LATEST_SECONDS
    assert min(seconds) >= 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_three_crashes_of_flink_lose_and_double_no_quiet_cart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(live: LiveStream) -> None:
        chosen = Random(11)
        for _ in range(3):
            time.sleep(chosen.uniform(2, 12))
            live.kill_flink()
            live.start_flink()

    told = played(tmp_path / "state", monkeypatch, crash)

    assert_each_is_told_once(told)
