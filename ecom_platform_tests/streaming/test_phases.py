"""A burst of six events in any ten seconds crosses a threshold of five, wherever it begins."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import shop_events as traffic

pytestmark = pytest.mark.usefixtures("flink")

PHASES = 1000
FIRST_BURST, FIRST_BELOW = 800_000_000, 700_000_000
WINDOW_MS, STEP_MS = 10_000, 100
HOUR_MS = 3_600_000
EXACT = 50
"""So many bursts take the whole window to the millisecond."""


def burst(shop: traffic.Shop, user: int, start_ms: int, span_ms: int) -> list[traffic.Event]:
    """Six events, the first and the last `span_ms` apart."""
    inner = sorted(shop.random.randint(0, span_ms) for _ in range(4))
    return [shop.event((start_ms + at) / 1000, user) for at in (0, *inner, span_ms)]


def bursts(shop: traffic.Shop) -> list[traffic.Event]:
    """Each burst at a random phase; beside it somebody whose six events take a step more."""
    events = []
    for number in range(PHASES):
        span = WINDOW_MS if number < EXACT else shop.random.randint(0, WINDOW_MS)
        events += burst(shop, FIRST_BURST + number, shop.random.randint(0, HOUR_MS), span)
        start = shop.random.randint(0, HOUR_MS)
        events += burst(shop, FIRST_BELOW + number, start, WINDOW_MS + STEP_MS)
    return events


@pytest.mark.timeout(600)
def test_six_events_in_any_ten_seconds_are_never_missed_by_a_rule_set_to_five(
    tmp_path: Path,
) -> None:
    source = tmp_path / "bursts.jsonl"
    events = bursts(traffic.Shop(5))
    traffic.write_lines(source, events)
    groups = engines.file_properties(source, tmp_path)
    groups["rule.user_flood"]["threshold"] = "5"

    found = Counter(
        int(entity) for entity, *_ in engines.run_flink(groups, tmp_path).detections("user_flood")
    )

    assert found == Counter({FIRST_BURST + number: 1 for number in range(PHASES)})
    assert phases_of(events) > PHASES * 0.9


def phases_of(events: list[traffic.Event]) -> int:
    """How many different places in a ten-second grid the bursts begin at."""
    first: dict[int, datetime] = {}
    for event in events:
        at = datetime.fromisoformat(event.event_time)
        if event.user_id >= FIRST_BURST:
            first[event.user_id] = min(first.get(event.user_id, at), at)
    epoch, window = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=WINDOW_MS)
    return len({(at - epoch) % window for at in first.values()})
