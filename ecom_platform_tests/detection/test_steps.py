"""What rules keep of one user is bounded by their windows, whatever the user sends."""

import pytest

from ecom_platform_tests.support.rule_events import START, RuleEvent
from ecom_platform_tests.support.rule_runs import engine

SECONDS, A_SECOND = 20, 1000


@pytest.mark.parametrize(("steps", "width_ms"), [("user_steps", 100), ("cart_steps", 2000)])
def test_flood_of_one_user_is_one_row_a_step(steps: str, width_ms: int) -> None:
    flood = [
        RuleEvent(1, START + number * 1000 // A_SECOND, "cart", number)
        for number in range(SECONDS * A_SECOND)
    ]
    with engine(flood) as connection:
        rows = connection.execute(f"select count(*) from {steps}").fetchall()
    assert rows == [(SECONDS * 1000 // width_ms,)]


def test_step_counts_what_was_sent_twice_once() -> None:
    twice = [RuleEvent(1, START, event_id="a"), RuleEvent(1, START, event_id="a")]
    with engine([*twice, RuleEvent(1, START, event_id="b")]) as connection:
        rows = connection.execute("select event_count, view_count from user_steps").fetchall()
    assert rows == [(2, 2)]
