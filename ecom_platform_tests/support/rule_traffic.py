"""Traffic at the edges of the rules: counts around thresholds, times on a grid that meets windows.

Everything is seeded. What does not belong here: what a rule makes of it (`rule_reference`).
"""

import random
from collections.abc import Callable

from ecom_platform_tests.support.rule_reference import RuleEvent

START = 1_767_322_800_000
"""2026-01-02 03:00:00 UTC: windows begin there."""


def user_flood(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(120):
        times = sorted(chosen.choices(range(26), k=chosen.randint(18, 60)))
        kinds = ["view", "view", "cart", "purchase"]
        events += [RuleEvent(user, START + 500 * t, chosen.choice(kinds)) for t in times]
    return events


def checkout_burst(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(120):
        times = sorted(chosen.choices(range(40), k=chosen.randint(13, 40)))
        events += [
            RuleEvent(user, START + 3000 * t, chosen.choice(["purchase"] * 9 + ["view"]), t % 7)
            for t in times
        ]
    return events


def catalog_scraping(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(60):
        others = chosen.choice([0, 0, 1, 1, 2])
        count = chosen.randint(88, 230)
        times = sorted(chosen.choices(range(50), k=count))
        kinds = ["view"] * (count - others) + ["cart"] * others
        chosen.shuffle(kinds)
        events += [
            RuleEvent(user, START + 20_000 * t, kind, chosen.randrange(140))
            for t, kind in zip(times, kinds, strict=True)
        ]
    return events


def cart_hoarding(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(80):
        buys = chosen.choice([0, 0, 0, 0.02])
        for t in sorted(chosen.choices(range(90), k=chosen.randint(22, 70))):
            kind = "remove_from_cart" if chosen.random() < 0.15 else "cart"
            kind = "purchase" if chosen.random() < buys else kind
            events.append(RuleEvent(user, START + 30_000 * t, kind, t))
        events.append(RuleEvent(user, START + 60_000, "view"))
    return events


def machine_rhythm(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(120):
        ms = START
        pace = chosen.choice([100, 120, 1000, 8000, 59_000])
        jitter = chosen.uniform(0.0, 0.45)
        for _ in range(chosen.randint(18, 60)):
            events.append(RuleEvent(user, ms))
            step = chosen.choice([99, 100, 60_000, 60_001]) if chosen.random() < 0.06 else None
            ms += step or max(1, round(pace * chosen.uniform(1 - jitter, 1 + jitter)))
    return events


LOUD = [(50, 4), (40, 5), (66, 3), (36, 5), (45, 4), (200, 1), (45, 5), (160, 1), (28, 7)]
"""Users and what each does, around the bounds of a crowd."""


def site_flood(chosen: random.Random) -> list[RuleEvent]:
    """An hour: quiet, and every twelfth interval one of another shape, with holes between."""
    events, user = [], 0
    for interval in range(360):
        if chosen.random() < 0.05 or 100 <= interval < 130:
            continue
        users, each, heaviest = chosen.randint(55, 70), 1, 1
        if interval % 12 == 11 or interval in (131, 132, 136):
            users, each = chosen.choice(LOUD)
            heaviest = chosen.choice([each, 38, 39, 40, 41, 42])
        for number in range(users):
            user += 1
            for _ in range(heaviest if number == 0 else each):
                kind = chosen.choice(["view"] * 9 + ["purchase"])
                at = chosen.choice([0, 9999, chosen.randrange(10_000)])
                events.append(RuleEvent(user, START + 10_000 * interval + at, kind))
    return events


TRAFFIC: dict[str, Callable[[random.Random], list[RuleEvent]]] = {
    "user_flood": user_flood,
    "checkout_burst": checkout_burst,
    "catalog_scraping": catalog_scraping,
    "cart_hoarding": cart_hoarding,
    "machine_rhythm": machine_rhythm,
    "site_flood": site_flood,
}


def traffic_of(rule: str, seed: int = 7) -> list[RuleEvent]:
    return TRAFFIC[rule](random.Random(seed))
