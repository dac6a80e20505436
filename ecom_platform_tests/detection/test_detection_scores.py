"""How detection is scored, by hand-made episodes and events."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from benchmarks.detection_scores import Actor, score_world, total_score
from benchmarks.detection_worlds import families, one_identity, worlds
from ecom_platform.simulator.families import FAMILIES

START = datetime(2026, 1, 5, 12, tzinfo=UTC).replace(tzinfo=None)
SCRAPER = Actor("one", "scraping", 1.0, (1,))
BOTNET = Actor("many", "botnet", 1.0, (10, 11, 12, 13))


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Ten events of the scraper and forty of the botnet in an hour, among two hundred of people."""
    users = [1] * 10 + [10, 11, 12, 13] * 10 + list(range(1000, 1200))
    moments = [minutes(place % 60) for place in range(len(users))]
    made = duckdb.connect()
    events = pa.table({"user_id": users, "event_time": moments})
    made.register("given", events)
    made.execute("create table events as select * from given")
    made.execute(
        "create table episodes (rule varchar, entity_type varchar, entity_id varchar,"
        " started_at timestamp, opened_at timestamp, last_crossed_at timestamp)"
    )
    return made


def alarm(connection: duckdb.DuckDBPyConnection, entity: str, begin: float, end: float) -> None:
    kind = "site" if entity == "all" else "user"
    connection.execute(
        "insert into episodes values ('some_rule', ?, ?, ?, ?, ?)",
        [kind, entity, minutes(begin), minutes(begin), minutes(end)],
    )


def test_recall_is_the_share_of_identities_that_are_named(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for user in ("1", "10", "11", "12", "1000"):
        alarm(connection, user, 5, 6)
    found = score_world(connection, [SCRAPER, BOTNET], 1000)
    score = total_score([found])
    assert score.recalls == {("scraping", 1.0): 1.0, ("botnet", 1.0): 0.75}
    assert score.precision == pytest.approx(4 / 5)
    assert score.f1("scraping") == pytest.approx(2 * 0.8 / 1.8)
    assert score.macro_f1(["scraping", "botnet"]) == pytest.approx(
        (2 * 0.8 / 1.8 + 2 * 0.8 * 0.75 / 1.55) / 2
    )
    assert score.false_alarms_per_10000 == pytest.approx(10)
    low, high = score.interval_per_10000()
    assert (low, high) == pytest.approx((0.2532, 55.59), rel=1e-3)


def test_site_alarm_finds_whose_events_are_a_tenth_of_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    alarm(connection, "all", 0, 60)
    found = total_score([score_world(connection, [SCRAPER, BOTNET], 1000)])
    assert found.recalls == {("scraping", 1.0): 0.0, ("botnet", 1.0): 1.0}
    assert found.precision == 1.0


def test_site_alarm_among_people_is_false(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("delete from events where user_id < 1000")
    alarm(connection, "all", 0, 60)
    found = total_score([score_world(connection, [SCRAPER], 500)])
    assert (found.precision, found.false_alarm_count) == (0.0, 1)


def test_train_and_test_worlds_differ_in_families_and_every_attack_is_judged() -> None:
    judged, trained = set(families(is_test=True)), set(families(is_test=False))
    attacks = {name for name, one in FAMILIES.items() if one.label == "attack"}
    assert trained < judged < attacks
    assert "random_scraping" in one_identity(sorted(judged))
    assert "botnet_scraping" not in one_identity(sorted(judged))


def test_world_of_a_seed_is_always_the_same() -> None:
    first, again = (next(iter(worlds(is_test=True, seed=5))) for _ in range(2))
    assert first.events.equals(again.events)
    assert first.actors == again.actors
    assert first.session_count > 40_000
