"""Detections for tests: the sample, changed where a test says so."""

import json
from typing import Any

from alert_recorder.crossings import Crossing, parse_crossing, to_millis, to_wire_time

from ecom_platform_tests.streaming.conftest import sample

START = "2026-01-02T03:00:00.000Z"


def detection(*, entity_id: str, seconds: float = 0, **changes: Any) -> dict[str, Any]:
    """One detection of `entity_id`, `seconds` after START."""
    crossed_at = to_wire_time(to_millis(START) + round(seconds * 1000))
    fields = {"entity_id": entity_id, "crossed_at": crossed_at, **changes}
    return {**sample("alert_recorder", "detection"), **fields}


def crossing(*, entity_id: str = "1", seconds: float = 0, **changes: Any) -> Crossing:
    return parse_crossing(
        json.dumps(detection(entity_id=entity_id, seconds=seconds, **changes)).encode()
    )
