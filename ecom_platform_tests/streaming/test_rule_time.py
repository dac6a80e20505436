"""The time by which rules order events: examples just on each side of the tolerance."""

import duckdb
import pytest
import runtime_properties
import statements

ARRIVED = 1_767_323_045_000
TOLERANCE = 60_000


@pytest.mark.parametrize(
    ("event_ms", "arrived_ms", "expected"),
    [
        (ARRIVED - TOLERANCE, ARRIVED, ARRIVED - TOLERANCE),
        (ARRIVED - TOLERANCE - 1, ARRIVED, ARRIVED),
        (ARRIVED + TOLERANCE, ARRIVED, ARRIVED + TOLERANCE),
        (ARRIVED + TOLERANCE + 1, ARRIVED, ARRIVED),
        (ARRIVED - 10 * TOLERANCE, None, ARRIVED - 10 * TOLERANCE),
    ],
)
def test_time_is_the_events_own_where_its_clock_can_be_believed(
    event_ms: int, arrived_ms: int | None, expected: int
) -> None:
    groups = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
    rule_ms = statements.expressions(groups)["rule_ms"]
    row = duckdb.execute(
        f"select {rule_ms} from (select ?::bigint as event_ms, ?::bigint as arrived_ms)",
        [event_ms, arrived_ms],
    ).fetchone()
    assert row == (expected,)
