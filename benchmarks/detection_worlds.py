"""Worlds in which detection is judged: rough people, every control, attackers of every family at
every rate; train and test worlds differ in seed, rates and families.

A world is a scenario and its events as columns, with clocks that are wrong and events sent twice.
What does not belong here: the rules, and the score (`detection_scores`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.detection_scores import Actor
from ecom_platform.detection.recorded_events import RULE_MS
from ecom_platform.simulator import scene
from ecom_platform.simulator.cast import Part
from ecom_platform.simulator.families import FAMILIES
from ecom_platform.simulator.roughness import RoughPeople
from ecom_platform.simulator.scenario import Scenario, parse_scenario
from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.events import Events
from ecom_platform.traffic.randomness import Ints, children, drawn, field, seed_key, unit

HOURS = 6
TEST_SEED, TRAIN_SEED = 9100, 100
PEOPLE_RATE = 10.0
"""Events a second of all people."""
ACTORS_AT_ONCE = 24
"""Attackers a world; more would drown the people."""
TEST_RATES = (0.05, 0.2, 0.5, 2.0, 10.0)
TRAIN_RATES = (0.1, 0.3, 1.0, 5.0)
ONLY_IN_TESTS = frozenset(
    {"returning_scraping", "mimicry", "late_clock", "drop_buying", "minted_identities"}
)
"""Families that no threshold was chosen on."""
NOT_JUDGED = frozenset(
    {"slow_scraping", "slow_crawler", "slow_hoarding", "session_rotation", "site_flood"}
)
"""The same as another family at a rate of the worlds, or (a flood of hundreds a second) beyond."""
FAST_RATE = 2.0
SKEWED_SHARE, DOUBLED_SHARE = 0.03, 0.003
LARGEST_SKEW_MS = 1_200_000

CONTROLS: tuple[dict[str, Any], ...] = (
    {"family": "flash_sale", "users": 1500, "start_seconds": 9000, "duration_seconds": 3600},
    {"family": "newsletter", "start_seconds": 15_000, "duration_seconds": 1200},
    {"family": "reload_crowd", "start_seconds": 4000, "duration_seconds": 600},
    {"family": "bulk_basket", "actors": 60, "start_seconds": 600, "duration_seconds": 20_000},
    {"family": "fast_clicker", "actors": 20, "start_seconds": 2000, "duration_seconds": 12_000},
    {"family": "large_office", "actors": 2, "start_seconds": 6000, "duration_seconds": 9000},
    {"family": "office_account", "actors": 4, "start_seconds": 1000, "duration_seconds": 18_000},
    {"family": "price_comparison", "actors": 20, "start_seconds": 800, "duration_seconds": 300},
)


@dataclass(frozen=True)
class World:
    """The events of a world, its attackers, and how many sessions people have."""

    events: pa.Table
    actors: tuple[Actor, ...]
    session_count: int


def families(*, is_test: bool) -> list[str]:
    """The families of attackers in test worlds, and in those where thresholds are chosen."""
    left_out = NOT_JUDGED if is_test else NOT_JUDGED | ONLY_IN_TESTS
    return [n for n, one in FAMILIES.items() if one.label == "attack" and n not in left_out]


def one_identity(names: Sequence[str]) -> list[str]:
    """Those of the families whose actors are one user each."""
    return [name for name in names if FAMILIES[name].users is None]


def worlds(*, is_test: bool, seed: int, actors: int = 1) -> Iterator[World]:
    """Worlds that hold, over all of them, so many actors of each family at each rate."""
    rates = TEST_RATES if is_test else TRAIN_RATES
    cells = [
        (family, rate, number)
        for family in families(is_test=is_test)
        for rate in rates
        for number in range(actors)
    ]
    order = np.random.default_rng(seed).permutation(len(cells))
    for place, start in enumerate(range(0, len(cells), ACTORS_AT_ONCE)):
        chosen = [cells[n] for n in order[start : start + ACTORS_AT_ONCE]]
        yield world(_scenario(chosen, seed + place), seed + place)


def world(scenario: Scenario, seed: int) -> World:
    """A scenario's events as the rules read them."""
    cast = scene.families(scenario, seed=seed)
    people = [RoughPeople(one) if not n else one for n, one in enumerate(cast)]
    events = scene.events(people if scenario.people_rate else cast)
    attackers = [cast for cast in scenario.parts if FAMILIES[cast.part.family].label == "attack"]
    seen = set(np.unique(events.user).tolist())
    actors = [
        Actor(
            name=f"{cast.part.name}-{number}",
            family=cast.part.family,
            rate=cast.part.rate,
            user_ids=tuple(user for user in _users(cast.part, number) if user in seen),
        )
        for cast in attackers
        for number in range(cast.part.actors)
    ]
    theirs = np.array([user for actor in actors for user in actor.user_ids])
    people_sessions = len(np.unique(events.session[~np.isin(events.user, theirs)]))
    clocks = {
        user: round(cast.part.clock_seconds * 1000)
        for cast in attackers
        if cast.part.clock_seconds
        for number in range(cast.part.actors)
        for user in _users(cast.part, number)
    }
    return World(
        events=table(events, clocks, seed=seed),
        actors=tuple(actor for actor in actors if actor.user_ids),
        session_count=people_sessions,
    )


def _users(part: Part, actor: int) -> list[int]:
    return [part.user_id(actor, user) for user in range(part.users)]


@contextmanager
def engine(world_events: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which rules find the events of a world, ordered by rule_time."""
    with duckdb.connect() as connection:
        connection.register("columns", world_events)
        connection.execute(
            f"""
            create table events as
            select
                * exclude (occurred_at, arrived_at),
                make_timestamp(1000 * event_ms) as event_time
            from (select *, {RULE_MS} as event_ms from columns)
            order by event_ms
            """
        )
        yield connection


def table(events: Events, clocks: dict[int, int], *, seed: int) -> pa.Table:
    """The events as columns, with the time that each says and that of its arrival."""
    shop = assortment(seed)
    offset = _skew(events.user, seed=seed)
    for user, ms in clocks.items():
        offset[events.user == user] = ms
    place = np.arange(len(events))
    twice = unit(drawn(children(events.session, place), "twice")) < DOUBLED_SHARE
    place = np.concatenate([place, place[twice]])
    kinds = pa.array(["view", "cart", "remove_from_cart", "purchase"])
    arrived_ms = events.time_ms[place]
    return pa.table(
        {
            "event_id": pa.array(place).cast(pa.string()),
            "occurred_at": pa.array(arrived_ms + offset[place]).cast(pa.timestamp("ms")),
            "arrived_at": pa.array(arrived_ms).cast(pa.timestamp("ms")),
            "event_type": kinds.take(pa.array(events.kind[place])),
            "product_id": shop.product_id[events.product[place]],
            "category_id": shop.category_id[events.product[place]],
            "user_id": events.user[place],
            "user_session": pa.array(events.session[place]).cast(pa.string()),
        }
    )


def _skew(users: Ints, *, seed: int) -> Ints:
    """How far each user's clock is off: a few by up to twenty minutes, most by nothing."""
    keys = children(np.repeat(seed_key(seed, "clock"), len(users)), users)
    size = field(drawn(keys, "skew"), low=0, width=32) % (2 * LARGEST_SKEW_MS) - LARGEST_SKEW_MS
    skew: Ints = np.where(unit(keys) < SKEWED_SHARE, size, 0)
    return skew


def _scenario(cells: Sequence[tuple[str, float, int]], seed: int) -> Scenario:
    chosen = np.random.default_rng(seed)
    actors = [_entry(family, rate, number, chosen) for family, rate, number in cells]
    controls = [{"name": f"control {one['family']}", **one} for one in CONTROLS]
    blocks = {_block(one["name"]) for one in controls}
    for entry in actors:
        while _block(entry["name"]) in blocks:
            entry["name"] += "."
        blocks.add(_block(entry["name"]))
    content = {
        "duration_seconds": HOURS * 3600,
        "people": {"rate": PEOPLE_RATE},
        "actors": [*controls, *actors],
    }
    return parse_scenario(content, name=f"world {seed}")


def _block(name: str) -> int:
    """The user ids that follow from a name; no two parts may share them."""
    return Part(name=name, family="").block


def _entry(family: str, rate: float, number: int, chosen: np.random.Generator) -> dict[str, Any]:
    """One attacker: for an hour where slow, for minutes where fast; timers and people's pauses."""
    minutes = 5 if rate > FAST_RATE else 20 if rate > 1 else int(chosen.integers(30, 90))
    start = int(chosen.integers(1800, HOURS * 3600 - minutes * 60))
    if family == "sale_flood":
        start = min(9000 + int(chosen.integers(0, 1200)), HOURS * 3600 - minutes * 60)
    profile = FAMILIES[family]
    entry: dict[str, Any] = {
        "family": family,
        "name": f"{family} {rate} {number} {chosen.integers(1 << 30)}",
        "rate": rate,
        "start_seconds": start,
        "duration_seconds": minutes * 60,
    }
    if profile.rhythm.value == "person" and chosen.random() < 1 / 3:
        entry |= {"rhythm": "timer", "jitter": round(float(chosen.uniform(0.05, 0.6)), 2)}
    if profile.users is not None:
        entry["users"] = _identities(family, rate * minutes * 60, chosen)
    return entry


def _identities(family: str, events: float, chosen: np.random.Generator) -> int:
    """How many user ids share so many events."""
    each = {"minted_identities": 1, "identity_rotation": 10, "drop_buying": 1.5}
    each |= {"spread_hoarding": 3, "replayed_session": 8, "sale_flood": 5}
    if family in each:
        return int(max(6, min(20_000, events / each[family])))
    return int(chosen.integers(30, 300))
