"""The shapes that the parts share without sharing code: sample records are what all are held to.

A part that reads or writes events, detections or session states is compared with the sample here.
"""

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
import runtime_properties
import statements
import yaml
from alert_recorder.alert_items import Alert, to_item
from alert_recorder.crossings import parse_crossing
from alert_recorder.episodes import fold
from cart_recommender.quiet_carts import parse_quiet_cart
from common import canary
from event_transformer.event_lines import to_line
from heartbeat_sender.records import BURST
from heartbeat_sender.records import canary as canary_burst
from session_recorder.session_states import parse_session_state
from sql_files import SQL_FOLDER, rule_names

from ecom_platform.contracts.lake import EVENT_TYPES, SOURCE_COLUMNS
from ecom_platform.contracts.verdicts import CANARY_ENTITY
from ecom_platform.simulator.wire import NumberedRow, SourceRow, wire_event
from ecom_platform.streaming.alerts import Alert as ReadAlert
from ecom_platform.streaming.alerts import day_buckets
from ecom_platform_tests.streaming.conftest import sample
from ecom_platform_tests.support import shop_events as traffic
from ecom_platform_tests.support.templates import load_template
from infra.deploy import ROOT, SWITCHED

EVENT = sample("event_transformer", "raw_event")
DETECTION = sample("alert_recorder", "detection")
SESSION_STATE = sample("session_recorder", "session_state")
QUIET_CART = sample("cart_recommender", "quiet_cart")
GROUPS = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)


def columns_of(table: str) -> list[str]:
    """The physical columns in the DDL of a table."""
    text = (SQL_FOLDER / "tables" / f"{table}.sql").read_text()
    return re.findall(r"^  ([a-z_]+) ", text, flags=re.MULTILINE)


def template(name: str) -> str:
    return (ROOT / "infra" / f"{name}.yaml").read_text()


def test_an_event_has_the_columns_of_the_lake_and_an_id() -> None:
    assert list(EVENT) == ["event_id", *(column.name for column in SOURCE_COLUMNS)]


def test_test_traffic_has_the_shape_of_an_event() -> None:
    assert [field.name for field in fields(traffic.Event)] == list(EVENT)


def test_the_simulator_sends_the_shape_of_the_sample() -> None:
    row = SourceRow(1_767_323_045_678, *(EVENT[name] for name in list(EVENT)[2:]))
    sent = wire_event(NumberedRow(row=row, copy=0), time_ms=row.time_ms, replay_id="test")
    assert {**sent, "event_id": EVENT["event_id"]} == EVENT


def test_flink_reads_every_field_of_an_event_and_no_other() -> None:
    views = [statements.create_view(view, GROUPS) for view in statements.VIEWS]
    texts = [*views, *(path.read_text() for path in SQL_FOLDER.rglob("*.sql"))]
    read = {name for text in texts for name in re.findall(r"line, '\$\.([a-z_]+)'", text)}
    assert read == set(EVENT)


@pytest.mark.parametrize(
    ("table", "record"),
    [
        ("detections", DETECTION),
        ("user_sessions", SESSION_STATE),
        ("quiet_carts", QUIET_CART),
    ],
)
def test_flink_writes_what_the_recorders_read(table: str, record: dict[str, Any]) -> None:
    assert columns_of(table) == list(record)


def test_a_late_event_is_the_event_and_the_watermark() -> None:
    assert columns_of("late_events") == [*EVENT, "watermark_at", "line_length", "is_cut"]


def test_the_event_types_of_the_lake_and_of_flink_are_the_same() -> None:
    text = (SQL_FOLDER / "tables" / "raw_events.sql").read_text()
    (found,) = re.findall(r"'\$\.event_type'\) in \(([^)]*)\)", text)
    assert set(re.findall(r"'([a-z_]+)'", found)) == set(EVENT_TYPES)


def test_the_samples_are_taken_by_their_readers() -> None:
    assert parse_crossing(json.dumps(DETECTION).encode()).rule in rule_names()
    assert parse_session_state(json.dumps(SESSION_STATE).encode()).user_id == "541312140"
    assert parse_quiet_cart(json.dumps(QUIET_CART).encode()).product_ids == (4804056,)
    assert to_line(json.dumps(EVENT).encode(), "2026-01-02T03:04:06.000Z").kind == "event"


def test_every_rule_has_properties_and_a_metric_dimension() -> None:
    assert {f"rule.{rule}" for rule in rule_names()} == {
        name for name in GROUPS if name.startswith("rule.")
    }
    (known,) = re.findall(r"KnownRules:\n    Type: String\n    Default: (.*)\n", template("alerts"))
    assert set(known.split(",")) == set(rule_names())


def test_the_canary_is_one_user_everywhere_and_its_burst_crosses_the_threshold() -> None:
    assert f"user#{canary.ENTITY_ID}" == CANARY_ENTITY
    assert GROUPS["records"]["canary_user_id"] == canary.ENTITY_ID
    assert int(GROUPS["rule.user_flood"]["threshold"]) < BURST
    sent = json.loads(bytes(canary_burst(datetime.now(UTC), "0", count=1)[0]["Data"]))  # type: ignore[arg-type]
    assert list(sent) == list(EVENT)


def test_flink_names_the_streams_of_the_template() -> None:
    named = {group["stream"] for name, group in GROUPS.items() if name.startswith("table.")}
    streams = [
        found["Properties"]["Name"]
        for found in load_template("streaming")["Resources"].values()
        if found["Type"] == "AWS::Kinesis::Stream"
    ]
    assert named == {name["Fn::Sub"].replace("${Prefix}", "ecom-") for name in streams}


OF_THE_COMMAND = {"FlinkConnectorJar", "Streaming"}
"""What the deployment itself reads."""


def test_the_parameters_name_only_what_a_template_takes() -> None:
    texts = "".join(path.read_text() for path in (ROOT / "infra").glob("*.yaml"))
    for path in (ROOT / "infra" / "parameters").glob("*.yaml"):
        given = set(yaml.safe_load(path.read_text())) - {*OF_THE_COMMAND, *SWITCHED.values()}
        assert all(f"\n  {name}:" in texts for name in given), path


def test_reader_of_alerts_asks_for_what_the_recorder_writes_and_the_index_carries() -> None:
    item = to_item(
        Alert(
            episode=fold(parse_crossing(json.dumps(DETECTION).encode()), []),
            status="open",
            version=1,
            recorded_at=1_767_323_050_000,
            updated_at=1_767_323_050_000,
        ),
        retention_days=1,
    )
    found = ReadAlert.from_item(item)
    assert (found.rule, found.entity) == (DETECTION["rule"], f"user#{DETECTION['entity_id']}")
    assert item["day_bucket"] in set(day_buckets(*[datetime.fromisoformat(found.updated_at)] * 2))
    carried = set(re.findall(r"^ {14}- ([a-z_]+)$", template("alerts"), flags=re.MULTILINE))
    of_keys = {"entity", "updated_at"}
    assert {field.name for field in fields(ReadAlert)} <= carried | of_keys
