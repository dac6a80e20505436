"""The rules: the same rows on both engines, what they catch and whom they leave alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sql_files import rule_names

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import shop_events as traffic
from ecom_platform_tests.support.flink import FlinkRun

pytestmark = [pytest.mark.stream, pytest.mark.usefixtures("flink")]

PRICE_COMPARER, OFFICE, BASKET_BUYER = 700_000_001, 700_000_002, 700_000_003
FLOOD, SAME_MILLISECOND, SLOW_TIMER, SCRAPER = 800_000_001, 800_000_002, 800_000_003, 800_000_004
HOARDER, SCALPER, SITE_FLOODER, SLOW_SCRAPER = 800_000_005, 800_000_006, 800_000_007, 800_000_008
SALE_START, ATTACK_START, END = 600, 1200, 1500


def attackers(shop: traffic.Shop) -> Iterator[traffic.Event]:
    """One attacker a rule, and the ways round it that are closed."""
    yield from shop.paced(FLOOD, 100, 100, 0.2, 0.9)
    yield from (shop.event(200.123, SAME_MILLISECOND) for _ in range(35))
    yield from shop.paced(SLOW_TIMER, 50, 60, 15, 0.2, products=5)
    yield from shop.paced(SCRAPER, 300, 300, 1, 0.9)
    yield from shop.paced(SLOW_SCRAPER, 10, 140, 4, 0.9)
    yield from shop.paced(HOARDER, 100, 60, 9, 0.8, kinds=("cart", "view"))
    yield from shop.paced(SCALPER, 400, 40, 1, 0.8, kinds=("purchase",))
    yield from shop.paced(SITE_FLOODER, ATTACK_START, 4000, 0.02, 0.9)


def honest_extremes(shop: traffic.Shop) -> Iterator[traffic.Event]:
    """People who look like machines at a glance."""
    second = 100.0
    for _ in range(120):
        yield shop.event(second, PRICE_COMPARER, product_id=1_000_000 + shop.random.randrange(30))
        second += shop.random.choice([1, 1, 2, 2, 3, 5, 9, 20])
    for colleague in range(10):
        start, session = 130 * colleague, f"{colleague:08d}-8bb3-4e00-8c23-a032dfed738c"
        visit = shop.person(OFFICE, start, start + 240)
        yield from (replace(event, user_session=session) for event in visit)
        yield shop.event(800 + 20 * colleague, OFFICE, "purchase", session=session)
    yield from (shop.event(500, BASKET_BUYER, "cart") for _ in range(12))
    yield from (shop.event(520, BASKET_BUYER, "purchase") for _ in range(12))
    for visitor in range(6000):
        arrival = SALE_START + shop.random.uniform(0, 120)
        for number in range(shop.random.choice([1, 1, 2, 3])):
            kind = "purchase" if number == 2 else "view"
            yield shop.event(arrival + 7 * number, 600_000_000 + visitor, kind, 1_000_042)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "events.jsonl"
    shop = traffic.Shop(7)
    people: list[traffic.Event] = []
    for number in range(1500):
        start = shop.random.uniform(0, END - 60)
        people += shop.person(500_000_000 + number, start, start + 240)
    dense = traffic.mixed_traffic(11, 600, 400, 60)
    traffic.write_lines(path, [*people, *attackers(shop), *honest_extremes(shop), *dense])
    return path


@pytest.fixture(scope="module")
def run(source: Path) -> FlinkRun:
    groups = engines.file_properties(source, source.parent)
    return engines.run_flink(groups, source.parent)


@pytest.mark.parametrize("rule", rule_names())
def test_rule_gives_the_same_rows_on_flink_and_duckdb(
    rule: str, source: Path, run: FlinkRun
) -> None:
    groups = engines.file_properties(source, source.parent)
    expected = engines.duckdb_detections(engines.duckdb_events(source), rule, groups)
    assert expected, f"the events hold no crossing of {rule}: the comparison would prove nothing"
    assert run.detections(rule) == expected


@pytest.mark.parametrize(
    ("rule", "user"),
    [
        ("user_flood", FLOOD),
        ("user_flood", SAME_MILLISECOND),
        ("machine_rhythm", SLOW_TIMER),
        ("catalog_scraping", SCRAPER),
        ("catalog_scraping", SLOW_SCRAPER),
        ("cart_hoarding", HOARDER),
        ("checkout_burst", SCALPER),
    ],
)
def test_attacker_is_caught(rule: str, user: int, run: FlinkRun) -> None:
    assert str(user) in {entity for entity, *_ in run.detections(rule)}


@pytest.mark.parametrize("rule", [rule for rule in rule_names() if rule != "site_flood"])
def test_people_raise_no_alarm(rule: str, run: FlinkRun) -> None:
    people = [row for row in run.detections(rule) if int(row[0]) < 800_000_000]
    assert people == []


def test_site_flood_is_seen_at_the_attack_and_not_at_the_flash_sale(run: FlinkRun) -> None:
    minutes = {crossed_at[11:16] for _, crossed_at, *_ in run.detections("site_flood")}
    assert "03:20" in minutes
    assert minutes.isdisjoint({"03:10", "03:11", "03:12", "03:13"})


def test_every_good_event_is_counted_in_its_session(source: Path, run: FlinkRun) -> None:
    last: dict[tuple[int, str], dict[str, Any]] = {}
    for row in run.rows["user_sessions"]:
        key = (row["user_id"], row["user_session"])
        if key not in last or row["as_of_at"] > last[key]["as_of_at"]:
            last[key] = row
    connection = engines.duckdb_events(source)
    expected = connection.execute(
        "select user_id, user_session, count(*), cast(sum(case when event_type = 'purchase' "
        "then price else 0 end) as varchar) from events group by all order by all"
    ).fetchall()
    actual = sorted((*key, row["event_count"], row["revenue_amount"]) for key, row in last.items())
    assert actual == expected
    assert run.rows["dead_letters"] == []
    assert run.rows["late_events"] == []
