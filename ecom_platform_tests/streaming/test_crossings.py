import json
from decimal import Decimal
from typing import Any

import pytest
from alert_recorder.crossings import parse_crossing, to_millis, to_wire_time
from common.wire_fields import MalformedRecordError

from ecom_platform_tests.streaming.conftest import sample


def parse_with(**changes: Any) -> None:
    parse_crossing(json.dumps({**sample("alert_recorder", "detection"), **changes}).encode())


def test_sample_detection_is_read_with_exact_values() -> None:
    crossing = parse_crossing(json.dumps(sample("alert_recorder", "detection")).encode())
    assert (crossing.entity, crossing.rule, crossing.rule_version) == (
        "user#541312140",
        "user_flood",
        1,
    )
    assert crossing.observed_value == Decimal("11.0")
    assert crossing.crossed_at == 1_767_323_045_678


def test_wire_times_survive_the_way_there_and_back() -> None:
    for text in ("1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"):
        assert to_wire_time(to_millis(text)) == text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rule": "User Flood"}, "rule"),
        ({"rule": "a#b"}, "rule"),
        ({"rule_version": 1.5}, "rule_version"),
        ({"entity_type": "shop"}, "entity_type"),
        ({"entity_id": 7}, "entity_id"),
        ({"entity_id": ""}, "entity_id"),
        ({"severity": "urgent"}, "severity"),
        ({"crossed_at": "2026-01-02T03:04:05Z"}, "crossed_at"),
        ({"crossed_at": "2026-02-30T03:04:05.678Z"}, "crossed_at"),
        ({"observed_value": "11"}, "observed_value"),
        ({"observed_value": True}, "observed_value"),
        ({"observed_value": float("nan")}, "record"),
        ({"threshold": None}, "threshold"),
        ({"evidence": []}, "evidence"),
    ],
)
def test_a_broken_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedRecordError, match=rf"^{field}="):
        parse_with(**changes)


@pytest.mark.parametrize("data", [b"", b"not json", b"[]", b"7", b"\xff\xfe"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRecordError, match=r"^record="):
        parse_crossing(data)
