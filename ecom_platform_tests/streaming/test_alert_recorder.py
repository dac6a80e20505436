"""The recorder in this process, with a clock of its own, on real tables of the local cloud."""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from alert_recorder.alert_items import Alert
from alert_recorder.alert_table import AlertTable
from alert_recorder.announcer import Announcer
from alert_recorder.crossings import Crossing, to_millis, to_wire_time
from alert_recorder.recent_events import RecentEvents
from alert_recorder.recorder import AlertRecorder
from botocore.exceptions import ClientError
from common import canary

from ecom_platform.resources.alert_desk import AlertDesk
from ecom_platform_tests.streaming.conftest import alerts_of
from ecom_platform_tests.streaming.detections import START, crossing
from ecom_platform_tests.support.inbox import TOPIC_ARN
from ecom_platform_tests.support.waiting import eventually

BOOKKEEPING = {
    "version",
    "recorded_at",
    "updated_at",
    "day_bucket",
    "unresolved_bucket",
    "notified_at",
    "notified_as",
}


class Clock:
    def __init__(self) -> None:
        # A minute of its own for each test: the storm limit counts by minute.
        self.millis = to_millis(START) + random.randrange(10**6) * 60_000

    def __call__(self) -> int:
        self.millis += 1
        return self.millis


class BrokenAnnouncer:
    """Dies where a crash would: after the write, before the message."""

    def announce(self, alert: Alert, *, now: int) -> bool:
        raise ConnectionError(alert.episode.alert_id, now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make_recorder(
    clock: Clock, *, limit: int = 1000, recent_events: RecentEvents | None = None
) -> AlertRecorder:
    dynamodb = boto3.resource("dynamodb")
    return AlertRecorder(
        alerts=AlertTable(dynamodb.Table("ecom-alerts"), retention_days=30),
        announcer=Announcer(
            sns=boto3.client("sns"),
            topic_arn=TOPIC_ARN,
            rates=dynamodb.Table("ecom-alert-rates"),
            limit_per_minute=limit,
            recent_events=recent_events or RecentEvents(boto3.client("kinesis"), "ecom-raw-events"),
        ),
        now=clock,
    )


def final_items(table: Any, entity: str) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in item.items() if name not in BOOKKEEPING | {"entity"}}
        | {"alert_id": None, "entity_id": None}
        for item in alerts_of(table, entity)
    ]


def test_first_crossing_opens_an_alert_with_every_attribute_of_the_contract(
    deployed: str, clock: Clock, alerts_table: Any
) -> None:
    entity_id = str(uuid.uuid4())
    outcome = make_recorder(clock).record(crossing(entity_id=entity_id, seconds=5.678))
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert outcome.change == "opened"
    assert item["alert"] == "user_flood#2026-01-02T03:00:05.678Z"
    assert item["alert_id"] == f"user_flood#user#{entity_id}#2026-01-02T03:00:05.678Z"
    assert (item["status"], item["crossing_count"], item["peak_value"]) == ("open", 1, 11)
    assert item["day_bucket"][:11] == item["updated_at"][:10] + "#"
    assert item["expires_at"] == (to_millis("2026-01-02T03:00:05.678Z") // 1000) + 30 * 86400
    assert item["notified_as"] == item["alert_id"]


def test_a_repeated_crossing_changes_nothing_at_all(
    deployed: str, clock: Clock, alerts_table: Any
) -> None:
    recorder, entity_id = make_recorder(clock), str(uuid.uuid4())
    for second in (0, 30, 60):
        recorder.record(crossing(entity_id=entity_id, seconds=second))
    before = alerts_of(alerts_table, f"user#{entity_id}")
    again = [
        recorder.record(crossing(entity_id=entity_id, seconds=second)) for second in (60, 0, 30)
    ]
    assert {outcome.change for outcome in again} == {"duplicate"}
    assert alerts_of(alerts_table, f"user#{entity_id}") == before


@pytest.mark.parametrize("seed", range(8))
def test_any_order_and_any_repetition_give_the_same_items(
    deployed: str, clock: Clock, alerts_table: Any, seed: int
) -> None:
    chance, recorder = random.Random(seed), make_recorder(clock)
    drawn: list[dict[str, Any]] = [
        {
            "seconds": chance.uniform(0, 5400),
            "rule": chance.choice(["user_flood", "machine_rhythm"]),
            "severity": chance.choice(["low", "high"]),
            "observed_value": chance.choice([11.0, 30.5]),
        }
        for _ in range(14)
    ]
    results = []
    for delivered in (
        sorted(drawn, key=lambda each: each["seconds"]),
        chance.sample(drawn, k=len(drawn)),
        chance.sample(drawn * 3, k=len(drawn) * 3),
    ):
        entity_id = str(uuid.uuid4())
        for each in delivered:
            recorder.record(crossing(entity_id=entity_id, **each))
        results.append(final_items(alerts_table, f"user#{entity_id}"))
    assert results[0] == results[1] == results[2]
    assert sum(item["crossing_count"] for item in results[0]) == len(drawn)


def test_an_earlier_crossing_moves_the_start_without_a_second_message(
    deployed: str, clock: Clock, alerts_table: Any, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    recorder, entity_id = make_recorder(clock), str(uuid.uuid4())
    recorder.record(crossing(entity_id=entity_id, seconds=60))
    recorder.record(crossing(entity_id=entity_id, seconds=0))
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert item["opened_at"] == START
    assert item["notified_as"] == f"user_flood#user#{entity_id}#2026-01-02T03:01:00.000Z"
    assert [said["alert_id"] for said in eventually(inbox)] == [item["notified_as"]]


def test_a_crash_between_write_and_message_is_made_good_by_the_retry(
    deployed: str, clock: Clock, alerts_table: Any, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    recorder, entity_id = make_recorder(clock), str(uuid.uuid4())
    broken = replace(recorder, announcer=BrokenAnnouncer())  # type: ignore[arg-type]
    with pytest.raises(ConnectionError):
        broken.record(crossing(entity_id=entity_id))
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert "notified_at" not in item
    assert recorder.record(crossing(entity_id=entity_id)).change == "duplicate"
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert "notified_at" in item
    assert [said["alert_id"] for said in eventually(inbox)] == [item["alert_id"]]


def test_a_muted_user_is_told_with_the_first_crossing_after_that(
    deployed: str, clock: Clock, alerts_table: Any, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    recorder, entity_id = make_recorder(clock), str(uuid.uuid4())
    entity = f"user#{entity_id}"
    until = datetime.fromtimestamp(clock.millis / 1000, UTC) + timedelta(hours=1)
    AlertDesk("ecom-alerts", "ecom-on-call").mute(entity, until, "a load test", "somebody")
    recorder.record(crossing(entity_id=entity_id, seconds=0))
    clock.millis += 3_590_000
    recorder.record(crossing(entity_id=entity_id, seconds=100))
    (item,) = [one for one in alerts_of(alerts_table, entity) if one["alert"] != "mute"]
    assert (item["crossing_count"], "notified_at" in item, inbox()) == (2, False, [])
    clock.millis += 20_000
    recorder.record(crossing(entity_id=entity_id, seconds=200))
    assert [said["entity_id"] for said in eventually(inbox)] == [entity_id]


def test_who_looks_after_an_alert_stays_written_through_later_crossings(
    deployed: str, clock: Clock, alerts_table: Any
) -> None:
    recorder, entity_id = make_recorder(clock), str(uuid.uuid4())
    recorder.record(crossing(entity_id=entity_id, seconds=0))
    desk = AlertDesk("ecom-alerts", "ecom-on-call")
    assert desk.acknowledge(f"user#{entity_id}", datetime.now(UTC), "somebody") == 1
    recorder.record(crossing(entity_id=entity_id, seconds=100))
    (item,) = alerts_of(alerts_table, f"user#{entity_id}")
    assert (item["crossing_count"], item["acknowledged_by"]) == (2, "somebody")
    assert desk.acknowledge("user#nobody", datetime.now(UTC), "somebody") == 0


def test_the_canary_is_recorded_and_nobody_is_told(
    deployed: str, clock: Clock, alerts_table: Any, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    recorder, neighbour = make_recorder(clock), str(canary.USER_ID - 1)
    for second in (0, 180):
        recorder.record(crossing(entity_id=canary.ENTITY_ID, seconds=second))
    recorder.record(crossing(entity_id=neighbour))
    [item] = alerts_of(alerts_table, f"user#{canary.ENTITY_ID}")
    assert (item["crossing_count"], "notified_at" in item) == (2, False)
    assert {said["entity_id"] for said in eventually(inbox)} == {neighbour}


def test_a_storm_is_stored_and_counted_but_not_announced(
    deployed: str, clock: Clock, alerts_table: Any, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    recorder = make_recorder(clock, limit=3)
    users = [str(uuid.uuid4()) for _ in range(5)]
    outcomes = [recorder.record(crossing(entity_id=user)) for user in users]
    site = recorder.record(crossing(entity_id="all", entity_type="site", rule="site_flood"))
    assert [outcome.is_held_back for outcome in outcomes] == [False, False, False, True, True]
    assert not site.is_held_back
    items = [alerts_of(alerts_table, f"user#{user}")[0] for user in users]
    assert ["held_back_at" in item for item in items] == [False, False, False, True, True]
    assert len(eventually(lambda: inbox() if len(inbox()) >= 4 else None)) == 4
    again = recorder.record(crossing(entity_id=users[4]))
    assert (again.change, again.is_held_back) == ("duplicate", False)


def test_quiet_alerts_are_resolved_once_and_open_again_for_a_new_crossing(
    deployed: str, clock: Clock, alerts_table: Any
) -> None:
    recorder, entity_id = make_recorder(clock), str(uuid.uuid4())
    recorder.record(crossing(entity_id=entity_id, seconds=0))
    clock.millis = to_millis(START) + 599_000
    closed = {alert.key["entity"] for alert in recorder.resolve_quiet_alerts()}
    assert f"user#{entity_id}" not in closed
    clock.millis = to_millis(START) + 600_000
    closed = {alert.key["entity"] for alert in recorder.resolve_quiet_alerts()}
    assert f"user#{entity_id}" in closed
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert (item["status"], item["updated_at"]) == ("resolved", to_wire_time(clock.millis))
    assert "unresolved_bucket" not in item
    assert f"user#{entity_id}" not in {a.key["entity"] for a in recorder.resolve_quiet_alerts()}
    assert recorder.record(crossing(entity_id=entity_id, seconds=0)).change == "duplicate"
    recorder.record(crossing(entity_id=entity_id, seconds=300))
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert (item["status"], item["crossing_count"]) == ("updated", 2)


def test_a_lost_race_is_refused_and_overwrites_nothing(
    deployed: str, clock: Clock, alerts_table: Any
) -> None:
    recorder, entity_id = make_recorder(clock), str(uuid.uuid4())
    first: Crossing = crossing(entity_id=entity_id, seconds=0)
    recorder.record(first)
    stale = recorder.alerts.near(first)
    recorder.record(crossing(entity_id=entity_id, seconds=30))
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        recorder.alerts.replace(stale, replace(stale[0], version=stale[0].version + 1))
    [item] = alerts_of(alerts_table, f"user#{entity_id}")
    assert item["crossing_count"] == 2
