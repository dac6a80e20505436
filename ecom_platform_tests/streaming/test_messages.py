"""What people are told of an alert."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from alert_recorder.alert_items import Alert
from alert_recorder.crossings import Crossing, to_millis
from alert_recorder.episodes import fold
from alert_recorder.messages import (
    attributes_of,
    for_chat,
    message_of,
    recovery_of,
    subject_of,
)
from alert_recorder.recent_events import LastEvents


def alert(**changes: Any) -> Alert:
    crossing = {
        "rule": "cart_hoarding",
        "rule_version": 2,
        "entity_type": "user",
        "entity_id": "555",
        "severity": "high",
        "crossed_at": to_millis("2026-01-02T03:04:05.678Z"),
        "observed_value": Decimal(25),
        "threshold": Decimal(24),
        "evidence": {"purchase_count": Decimal(1)},
        **changes,
    }
    episode = fold(Crossing(**crossing), [])
    return Alert(episode, "open", version=1, recorded_at=0, updated_at=0)


def test_message_says_who_what_since_when_how_often_wrong_and_how_to_overrule() -> None:
    found = json.loads(message_of(alert(), LastEvents(({"product_id": "7"},))))
    assert found == {
        "alert_id": "cart_hoarding#user#555#2026-01-02T03:04:05.678Z",
        "rule": "cart_hoarding",
        "entity_type": "user",
        "entity_id": "555",
        "severity": "high",
        "status": "open",
        "opened_at": "2026-01-02T03:04:05.678Z",
        "observed_value": 25.0,
        "threshold": 24.0,
        "evidence": {"purchase_count": 1.0},
        "how_often_wrong": "2 false alarms in 505,128 sessions of people (make bench-detection)",
        "look_at": "make alerts, or streaming/alerts in Dagster; docs/detection.md",
        "last_events": [{"product_id": "7"}],
        "overrule": "make verdict USER=555 SAY=person REASON='...'",
    }
    assert subject_of(alert()) == "high alert: cart_hoarding by user"


@pytest.mark.parametrize("rule", ["user_flood", "machine_rhythm"])
def test_rule_that_was_never_wrong_says_so(rule: str) -> None:
    assert json.loads(message_of(alert(rule=rule), None))["how_often_wrong"].startswith(
        "0 false alarms"
    )


def test_nobody_can_be_overruled_where_the_whole_site_is_meant() -> None:
    found = alert(rule="site_flood", entity_type="site", entity_id="all")
    told = json.loads(message_of(found, None))
    assert "overrule" not in told
    assert "last_events" not in told


def test_recovery_says_what_is_over_under_the_name_that_people_were_told() -> None:
    found = json.loads(recovery_of(replace(alert(), notified_as="as it was told")))
    assert found["alert_id"] == "as it was told"
    assert (found["status"], found["crossing_count"]) == ("resolved", 1)
    assert json.loads(recovery_of(alert()))["alert_id"].startswith("cart_hoarding#user#555#")
    assert subject_of(alert(), is_over=True) == "high is over: cart_hoarding by user"


@pytest.mark.parametrize(
    ("rule", "owner"),
    [("cart_hoarding", "shop"), ("checkout_burst", "shop"), ("user_flood", "platform")],
)
def test_subscriptions_can_choose_by_owner_severity_rule_and_status(rule: str, owner: str) -> None:
    wanted = {"rule": rule, "severity": "high", "owner": owner, "status": "open"}
    assert attributes_of(alert(rule=rule)) == wanted
    assert attributes_of(alert(rule=rule), is_over=True) == {**wanted, "status": "resolved"}


def test_chat_shows_a_custom_notification_without_what_a_stranger_sent() -> None:
    evil = LastEvents(({"user_session": "<!channel> *bold*"},))
    told = json.loads(for_chat(subject_of(alert()), message_of(alert(), evil)))
    assert (told["version"], told["source"]) == ("1.0", "custom")
    assert told["content"]["title"] == "high alert: cart_hoarding by user"
    assert told["content"]["description"].startswith("entity_id: 555; opened_at: 2026-01-02T03")
    assert told["content"]["nextSteps"][1].startswith("make verdict USER=555")
    assert told["metadata"]["threadId"].startswith("cart_hoarding#user#555#")
    assert told["metadata"]["additionalContext"]["observed_value"] == "25.0"
    assert "channel" not in json.dumps(told)
