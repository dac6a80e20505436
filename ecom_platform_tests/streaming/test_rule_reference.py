"""The rules on DuckDB against plain loops, and each threshold by an example on either side."""

import duckdb
import pyarrow as pa
import pytest
import runtime_properties
import statements
from sql_files import render_file, rule_names

from ecom_platform_tests.support.flink import DUCKDB_MACROS
from ecom_platform_tests.support.rule_reference import RULES, Crossing, RuleEvent
from ecom_platform_tests.support.rule_traffic import START, traffic_of

GROUPS = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
SECOND, MINUTE = 1000, 60_000


def crossings(sql: str, events: list[RuleEvent]) -> list[Crossing]:
    """What a rule's query gives over some events, in the form of the reference."""
    columns = {
        "user_id": pa.array([one.user_id for one in events], pa.int64()),
        "event_ms": pa.array([one.ms for one in events], pa.int64()),
        "event_type": pa.array([one.event_type for one in events], pa.string()),
        "product_id": pa.array([one.product_id for one in events], pa.int64()),
    }
    rows = pa.table(columns)
    with duckdb.connect() as connection:
        connection.execute(DUCKDB_MACROS.read_text())
        connection.register("rows", rows)
        connection.execute(
            "create table events as select *, make_timestamp(event_ms * 1000) as event_time"
            " from rows"
        )
        answer = connection.execute(sql)
        names = [column[0] for column in answer.description or []]
        found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    return sorted(
        (
            str(row["entity_id"]),
            round(row["event_time"].timestamp() * 1000),
            float(row["observed_value"]),
            tuple(sorted((n, float(row[n])) for n in names if n not in statements.RULE_COLUMNS)),
        )
        for row in found
    )


def rule_sql(rule: str) -> str:
    return render_file(f"rules/{rule}", statements.rule_parameters(rule, GROUPS))


@pytest.mark.parametrize("rule", rule_names())
def test_rule_gives_the_crossings_of_the_plain_loops(rule: str) -> None:
    events = traffic_of(rule)
    expected = sorted(RULES[rule](events, GROUPS[f"rule.{rule}"]))
    assert len(expected) > 5
    assert crossings(rule_sql(rule), events) == expected


def paced(
    count: int, gap: float, kind: str = "view", *, is_varied: bool = False
) -> list[RuleEvent]:
    """So many events of one user, so many milliseconds apart."""
    uneven = (0.5, 1.0, 1.5, 1.0) if is_varied else (1.0,)
    at, events = 0.0, []
    for number in range(count):
        events.append(RuleEvent(1, START + round(at), kind, number))
        at += gap * uneven[number % len(uneven)]
    return events


def timer(jitter: float) -> list[RuleEvent]:
    """Pauses that are longer and shorter in turn; the spread of 20 is the jitter itself."""
    at, events = START, []
    for number in range(21):
        events.append(RuleEvent(1, at))
        at += round(10_000 * (1 + (jitter if number % 2 else -jitter)))
    return events


def crowd(
    users: int, each: int, *, heaviest: int = 0, usual: int = 60, intervals: int = 10
) -> list[RuleEvent]:
    """Quiet intervals, then one in which users do so much each, and one of them does more."""
    quiet = [
        RuleEvent(number, START + 10_000 * interval + number)
        for interval in range(intervals)
        for number in range(usual)
    ]
    start = START + 10_000 * intervals
    loud = [RuleEvent(1000 + user, start + k) for user in range(users) for k in range(each)]
    return [*quiet, *loud, *(RuleEvent(999, start + k) for k in range(heaviest))]


def loud_interval(number: int, users: int = 50) -> list[RuleEvent]:
    start = START + 10_000 * number
    return [RuleEvent(5000 + user, start + k) for user in range(users) for k in range(5)]


EDGES: dict[str, tuple[list[RuleEvent], list[RuleEvent]]] = {
    "user_flood: 20 in 10 s": (paced(20, 1), paced(21, 500)),
    "user_flood: 10 s": (paced(21, 500.05), paced(21, 500)),
    "checkout_burst: 15 in 60 s": (paced(15, 1, "purchase"), paced(16, 1, "purchase")),
    "checkout_burst: 60 s": (paced(16, 4001, "purchase"), paced(16, 4000, "purchase")),
    "catalog_scraping: 90 in 10 min": (paced(90, 100, is_varied=True), paced(91, 100)),
    "catalog_scraping: 10 min": (paced(91, 6667), paced(91, 6666)),
    "catalog_scraping: one cart in 100": (
        [*paced(98, 6000), RuleEvent(1, START, "cart")],
        [*paced(100, 6000), RuleEvent(1, START, "cart")],
    ),
    "cart_hoarding: 20 in 30 min": (paced(20, 1, "cart"), paced(21, 1, "cart")),
    "cart_hoarding: 30 min": (paced(21, 90_001, "cart"), paced(21, 90_000, "cart")),
    "machine_rhythm: regularity 80": (timer(0.2), timer(0.189)),
    "machine_rhythm: pauses up to 60 s": (paced(21, 60_001), paced(21, 60_000)),
    "machine_rhythm: pauses from 100 ms": (paced(21, 99), paced(21, 100)),
    "machine_rhythm: 20 pauses": (paced(20, 30_000), paced(21, 30_000)),
    "site_flood: 4 events a user": (crowd(50, 4), crowd(40, 5)),
    "site_flood: a fifth by one user": (crowd(160, 1, heaviest=40), crowd(159, 1, heaviest=41)),
    "site_flood: 200 events": (crowd(28, 7, heaviest=3), crowd(28, 7, heaviest=4)),
    "site_flood: 300 percent": (crowd(40, 5, usual=67), crowd(40, 5, usual=66)),
    "site_flood: 300 percent exactly": (
        crowd(42, 5, usual=70),
        crowd(42, 5, usual=70, heaviest=1),
    ),
    "site_flood: a crossing after 300 percent": (
        crowd(42, 5, usual=70),
        [*crowd(42, 5, usual=70), *loud_interval(11)],
    ),
    "site_flood: no second crossing after 301 percent": (
        [],
        [*crowd(42, 5, usual=70, heaviest=1), *loud_interval(11)],
    ),
    "site_flood: only the interval before is compared with": (
        [*crowd(40, 5, usual=90), *loud_interval(11)],
        [*crowd(40, 5, usual=90), *loud_interval(11), *loud_interval(12, users=100)],
    ),
    "site_flood: 6 intervals": (crowd(40, 5, intervals=5), crowd(40, 5, intervals=6)),
}
"""What must raise no alarm, and what must, just on the other side."""


@pytest.mark.parametrize("edge", EDGES)
def test_threshold_lies_between_two_examples(edge: str) -> None:
    rule = edge.split(":", maxsplit=1)[0]
    below, above = EDGES[edge]
    assert crossings(rule_sql(rule), below) == []
    assert len(crossings(rule_sql(rule), above)) == 1
