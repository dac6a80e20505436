"""Traffic at the edges of the stream's rules: counts around thresholds, times on a grid that meets
windows, some events sent twice.

Everything is seeded. What does not belong here: what a rule makes of it (`rule_reference`).
"""

import random
from collections.abc import Callable

from ecom_platform_tests.support.lake_rule_traffic import LAKE_TRAFFIC
from ecom_platform_tests.support.rule_events import START, RuleEvent, sent_twice


def user_flood(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(120):
        times = sorted(chosen.choices(range(80), k=chosen.randint(40, 110)))
        kinds = ["view", "view", "cart", "purchase"]
        events += [
            RuleEvent(user, START + 250 * t + chosen.choice([0, 0, 40, 60]), chosen.choice(kinds))
            for t in times
        ]
    events += [RuleEvent(500, START + 1_000_000 + 300 * number) for number in range(2500)]
    return sent_twice(events, chosen)


def checkout_burst(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(120):
        times = sorted(chosen.choices(range(200), k=chosen.randint(14, 60)))
        events += [
            RuleEvent(user, START + 10_000 * t, chosen.choice(["purchase"] * 9 + ["view", "cart"]))
            for t in times
        ]
    return sent_twice(events, chosen)


def catalog_scraping(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(60):
        count, shelf = chosen.randint(105, 330), chosen.choice([140, 400])
        times = sorted(chosen.choices(range(150), k=count))
        kinds = ["view"] * 30 + ["cart"]
        sessions = chosen.choice([["a"], ["a", "a", "a", "a", "b"]])
        events += [
            RuleEvent(
                user,
                START + 40_000 * t + chosen.choice([0, 19_999]),
                chosen.choice(kinds),
                chosen.randrange(shelf),
                chosen.choice(sessions),
            )
            for t in times
        ]
    for products in (109, 110, 111, 112):
        events += [
            RuleEvent(1000 + products, START + 60_000 * minute + number, product_id=number)
            for minute in (0, 1, 3)
            for number in range(products)
        ]
        events += [
            RuleEvent(2000 + products, START + 60_000 * minute, product_id=1000 * minute + number)
            for minute in (2, 4, 77)
            for number in range(products)
        ]
    events += [RuleEvent(3000, START + 11_000 * k, product_id=k) for k in range(600)]
    return sent_twice(events, chosen)


def cart_hoarding(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(80):
        buys = chosen.choice([0, 0, 0, 0.03, 0.05])
        for t in sorted(chosen.choices(range(90), k=chosen.randint(22, 70))):
            kind = "remove_from_cart" if chosen.random() < 0.15 else "cart"
            kind = "purchase" if chosen.random() < buys else kind
            events.append(RuleEvent(user, START + 30_000 * t, kind, t))
        events.append(RuleEvent(user, START + 60_000, "view"))
    return sent_twice(events, chosen)


def machine_rhythm(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(150):
        ms = START
        pace = chosen.choice([110, 220, 1000, 8000, 290_000])
        jitter = chosen.uniform(0.1, 0.65)
        for _ in range(chosen.randint(38, 90)):
            events.append(RuleEvent(user, ms))
            step = chosen.choice([99, 100, 300_000, 300_001]) if chosen.random() < 0.04 else None
            ms += step or max(1, round(pace * chosen.uniform(1 - jitter, 1 + jitter)))
    return sent_twice(events, chosen)


LOUD = [(50, 4), (40, 5), (66, 3), (36, 5), (45, 4), (200, 1), (45, 5), (160, 1), (28, 7)]
"""Users and what each does, around the bounds of a crowd."""


def site_flood(chosen: random.Random) -> list[RuleEvent]:
    """An hour: quiet, and every twelfth interval one of another shape, with holes between."""
    events, user = [], 0
    for interval in range(360):
        if chosen.random() < 0.05 or 100 <= interval < 130:
            continue
        users, each, heaviest, kinds, products = chosen.randint(55, 70), 1, 1, ["view"], 1
        if interval % 37 > 31 or interval in (131, 132, 136):
            users, each = chosen.choice(LOUD if interval % 2 else [(45, 5)])
            heaviest = chosen.choice([each, 38, 39, 40, 41, 42])
            kinds = chosen.choice([["view"], ["view"] * 49 + ["cart"], ["view"] * 9 + ["purchase"]])
            products = chosen.choice([1, 1, 2, 5])
        for number in range(users):
            user += 1
            for act in range(heaviest if number == 0 else each):
                at = chosen.choice([0, 9999, chosen.randrange(10_000)])
                product = act % products if number % 5 == 0 else act % (products // 2 + 1)
                ms = START + 10_000 * interval + at
                events.append(RuleEvent(user, ms, chosen.choice(kinds), product))
    return sent_twice(events, chosen)


TRAFFIC: dict[str, Callable[[random.Random], list[RuleEvent]]] = {
    "user_flood": user_flood,
    "checkout_burst": checkout_burst,
    "catalog_scraping": catalog_scraping,
    "cart_hoarding": cart_hoarding,
    "machine_rhythm": machine_rhythm,
    "site_flood": site_flood,
    **LAKE_TRAFFIC,
}


def traffic_of(rule: str, seed: int = 7) -> list[RuleEvent]:
    return TRAFFIC[rule](random.Random(seed))
