"""Each attacker shows its behaviour, each control stays a person's, and nobody moves another."""

from typing import Any

import numpy as np
import pytest

from ecom_platform.simulator import scene
from ecom_platform.simulator.cast import Part
from ecom_platform.simulator.families import FAMILIES, company
from ecom_platform.simulator.scenario import parse_scenario, read_scenario, shipped_names
from ecom_platform.traffic.events import DAY_MS, Events, Kind, in_time_order, joined

DAY = scene.ORIGIN_MS // DAY_MS


def acted(family: str, *, without: frozenset[int] = frozenset(), **entry: object) -> Events:
    """The events of one entry, with the family's defaults where nothing is given."""
    content = {"duration_seconds": 7200, "actors": [{"family": family, **entry}]}
    part = parse_scenario(content, name="test").parts[0].part
    made = company(part, seed=7, origin_ms=scene.ORIGIN_MS, without=without)
    return made.begun_on(DAY)


def most_in(events: Events, seconds: float, *, kind: Kind | None = None) -> int:
    """The largest number of events of one user in any window of so many seconds."""
    chosen = events if kind is None else events.taken(events.kind == kind)
    most = 0
    for user in np.unique(chosen.user):
        at = np.sort(chosen.time_ms[chosen.user == user])
        until = np.searchsorted(at, at + seconds * 1000, side="right")
        most = max(most, int((until - np.arange(len(at))).max()))
    return most


def kept_in_cart(events: Events) -> int:
    carts = int((events.kind == Kind.CART).sum())
    return carts - int((events.kind == Kind.REMOVE_FROM_CART).sum())


def pause_deviation(events: Events) -> float:
    """Largest-to-mean deviation of one user's pauses, as the coefficient of variation."""
    pauses = np.diff(np.sort(events.time_ms))
    return float(pauses.std() / pauses.mean())


def columns(events: Events) -> list[list[int]]:
    return [column.tolist() for column in vars(events).values()]


def test_scraper_sees_each_product_once_and_only_looks() -> None:
    events = acted("catalog_scraping", duration_seconds=60)
    assert len(np.unique(events.product)) == len(events) > 150
    assert set(events.kind.tolist()) == {Kind.VIEW}


def test_slow_scraper_stays_below_one_product_in_six_seconds() -> None:
    events = acted("slow_scraping", duration_seconds=3600)
    assert 200 < len(np.unique(events.product)) == len(events)
    assert most_in(events, 600) < 90


def test_session_rotation_changes_its_session_every_five_events() -> None:
    events = acted("session_rotation", duration_seconds=60)
    _, counts = np.unique(events.session, return_counts=True)
    assert (counts.max(), len(np.unique(events.user))) == (5, 1)
    assert len(counts) == -(-len(events) // 5) > 10


def test_cart_hoarder_fills_carts_and_never_buys() -> None:
    events = acted("cart_hoarding", duration_seconds=60)
    assert kept_in_cart(events) > 30
    assert Kind.PURCHASE not in set(events.kind.tolist())


def test_slow_hoarder_fills_as_many_carts_in_half_an_hour_without_haste() -> None:
    events = acted("slow_hoarding", duration_seconds=1800)
    assert kept_in_cart(events) > 60
    assert most_in(events, 10) < 6


def test_checkout_burst_buys_faster_than_a_person() -> None:
    events = acted("checkout_burst", duration_seconds=60)
    assert most_in(events, 60, kind=Kind.PURCHASE) > 25
    assert len(np.unique(events.product)) == 2


def test_flood_of_one_user_passes_fifty_events_in_ten_seconds() -> None:
    assert most_in(acted("user_flood", duration_seconds=20), 10) > 80


def test_flood_of_many_users_is_spread_evenly_over_them() -> None:
    events = acted("site_flood", duration_seconds=20)
    _, counts = np.unique(events.user, return_counts=True)
    assert (len(counts), counts.max() < 50) == (60, True)
    assert len(events) > 1_500


@pytest.mark.parametrize(("family", "most"), [("timed_crawler", 0.08), ("slow_crawler", 0.14)])
def test_crawler_keeps_the_rhythm_of_a_timer(family: str, most: float) -> None:
    assert pause_deviation(acted(family, duration_seconds=1200)) < most


@pytest.mark.parametrize("family", ["catalog_scraping", "price_comparison", "user_flood"])
def test_rhythm_of_a_person_is_uneven(family: str) -> None:
    assert pause_deviation(acted(family, duration_seconds=120)) > 0.5


def test_flash_sale_brings_a_crowd_that_buys_at_a_persons_pace() -> None:
    events = acted("flash_sale", users=500, duration_seconds=60)
    assert (len(np.unique(events.product)), len(np.unique(events.user)) > 400) == (1, True)
    assert int((events.kind == Kind.PURCHASE).sum()) > 80
    assert most_in(events, 10) <= 5
    assert most_in(events, 60, kind=Kind.PURCHASE) == 1


def test_office_is_one_user_with_many_sessions_at_once() -> None:
    events = acted("office_account", duration_seconds=3600)
    assert len(np.unique(events.user)) == 1
    assert len(np.unique(events.session)) > 80
    assert most_in(events, 10) <= 15
    minutes = events.time_ms // 60_000
    together = max(len(np.unique(events.session[minutes == m])) for m in np.unique(minutes))
    assert together >= 4


def test_price_comparison_is_fast_and_ends_with_a_purchase() -> None:
    events = acted("price_comparison", duration_seconds=120)
    assert 10 <= most_in(events, 10) <= 20
    assert len(np.unique(events.product)) <= 12
    assert [Kind(k) for k in events.kind.tolist()[-2:]] == [Kind.CART, Kind.PURCHASE]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_taking_one_actor_out_removes_exactly_his_rows(family: str) -> None:
    extra = {"users": 8} if FAMILIES[family].users else {}
    entry: dict[str, Any] = {"actors": 3, "duration_seconds": 60, **extra}
    everybody = acted(family, **entry)
    fewer = acted(family, without=frozenset({1}), **entry)
    part = Part(name=family, family=family, actors=3, users=extra.get("users", 1))
    his = [part.user_id(1, user) for user in range(part.users)]
    is_his = np.isin(everybody.user, his)
    assert is_his.any() or family in ("office_account", "large_office")
    assert columns(fewer) == columns(everybody.taken(~is_his))


def test_taking_one_part_out_changes_no_other_row() -> None:
    scenario = read_scenario("all_families")
    cast = scene.families(scenario, seed=7)
    everybody = scene.events(cast)
    without_first = scene.events([cast[0], *cast[2:]])
    first = scenario.parts[0].part
    his = [first.user_id(actor, 0) for actor in range(first.actors)]
    kept = everybody.taken(~np.isin(everybody.user, his))
    assert len(kept) < len(everybody)
    assert columns(without_first) == columns(kept)


@pytest.mark.parametrize("family", ["catalog_scraping", "site_flood", "price_comparison"])
def test_longer_part_adds_events_and_moves_none(family: str) -> None:
    short = in_time_order(acted(family, duration_seconds=30))
    long = in_time_order(acted(family, duration_seconds=60))
    same = long.taken(np.arange(len(short)))
    assert len(long) > len(short)
    assert columns(same)[0] == columns(short)[0]
    assert columns(same)[3] == columns(short)[3]


def test_actors_of_shipped_scenarios_have_user_ids_of_their_own() -> None:
    for name in shipped_names():
        found = [user for actor in scene.actors(read_scenario(name)) for user in actor.user_ids]
        assert len(found) == len(set(found))
        assert min(found) >= 600_000_000


def test_family_begins_on_the_day_of_its_part_alone() -> None:
    part = Part(name="x", family="user_flood", rate=1.0, start_seconds=13 * 3600)
    family = company(part, seed=7, origin_ms=scene.ORIGIN_MS)
    assert [len(family.begun_on(day)) > 0 for day in (DAY, DAY + 1)] == [False, True]
    assert len(joined([family.begun_on(DAY)])) == 0
