"""A clock that is wrong hides nobody: Flink orders by rule_time. The canary has no session."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from common.canary import USER_ID

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import shop_events as traffic

pytestmark = [pytest.mark.stream, pytest.mark.usefixtures("flink")]

BEHIND, AHEAD = 800_000_001, 800_000_002


def test_flood_under_wrong_clocks_is_seen_when_it_arrives(tmp_path: Path) -> None:
    shop = traffic.Shop(4)
    behind = [shop.event(60 * number, BEHIND) for number in range(40)]
    ahead = [shop.event(10 * 365 * 86_400 + 60 * n, AHEAD) for n in range(40)]
    canary = [shop.event(60 * number, USER_ID) for number in range(40)]
    source = tmp_path / "events.jsonl"
    source.write_text(
        "".join(json.dumps(asdict(event)) + "\n" for event in [*behind, *ahead, *canary])
    )
    groups = engines.file_properties(source, tmp_path)
    groups["event_time"]["tolerance_seconds"] = "1"

    run = engines.run_flink(groups, tmp_path)

    found = {entity for entity, *_ in run.detections("user_flood")}
    assert found == {str(BEHIND), str(AHEAD), str(USER_ID)}
    refused = {(row["line"], row["reason"]) for row in run.rows["dead_letters"]}
    assert refused == {(json.dumps(asdict(one)), "event_time_in_future") for one in ahead}
    assert {row["user_id"] for row in run.rows["user_sessions"]} == {BEHIND}
