"""For each bound of each rule, events that must raise no alarm and events that must raise one."""

from dataclasses import replace

from ecom_platform_tests.support.lake_rule_edges import LAKE_EDGES
from ecom_platform_tests.support.rule_events import START, Edges, RuleEvent, paced

MINUTE = 60_000


def timer(jitter: float, mean: int = 10_000) -> list[RuleEvent]:
    """Pauses that are longer and shorter in turn; the spread of 40 is the jitter itself."""
    at, events = START, []
    for number in range(41):
        events.append(RuleEvent(1, at))
        at += round(mean * (1 + (jitter if number % 2 else -jitter)))
    return events


def shopping(carts: int, purchases: int) -> list[RuleEvent]:
    """First what is bought, so that the last cart decides."""
    bought = [RuleEvent(1, START + 6000 * number, "purchase") for number in range(purchases)]
    start = START + 6000 * purchases
    return [*bought, *(RuleEvent(1, start + 6000 * n, "cart", n) for n in range(carts))]


def crowd(
    users: int,
    each: int,
    *,
    heaviest: int = 0,
    usual: int = 60,
    intervals: int = 10,
    carts: int = 0,
    curious: int | None = None,
) -> list[RuleEvent]:
    """Quiet intervals, then one in which users do so much each, and one of them does more. Those
    who are curious see two products, all where it is not told.
    """
    quiet = [
        RuleEvent(number, START + 10_000 * interval + number)
        for interval in range(intervals)
        for number in range(usual)
    ]
    start, most = START + 10_000 * intervals, users if curious is None else curious
    loud = [
        RuleEvent(1000 + user, start + k, product_id=k % (2 if user < most else 1))
        for user in range(users)
        for k in range(each)
    ]
    loud = [replace(e, event_type="cart") if n < carts else e for n, e in enumerate(loud)]
    return [*quiet, *loud, *(RuleEvent(999, start + k) for k in range(heaviest))]


def loud_interval(number: int, users: int = 50) -> list[RuleEvent]:
    start = START + 10_000 * number
    return [RuleEvent(5000 + user, start + k) for user in range(users) for k in range(5)]


def twice(events: list[RuleEvent], count: int) -> list[RuleEvent]:
    """The first events a second time."""
    named = [replace(event, event_id=f"e{n}") for n, event in enumerate(events)]
    return [*named, *named[:count]]


EDGES: Edges = {
    "user_flood: 30 in 10 s": (paced(30, 1), paced(31, 333)),
    "user_flood: 10 s": (paced(31, 340), paced(31, 333)),
    "user_flood: 10 s to the millisecond": (
        [*paced(30, 300), RuleEvent(1, START + 10_005)],
        [*paced(30, 300), RuleEvent(1, START + 10_000)],
    ),
    "user_flood: what was sent twice counts once": (twice(paced(30, 300), 9), paced(31, 300)),
    "checkout_burst: 15 steps in 20 min": (
        paced(15, 10_000, "purchase"),
        paced(16, 10_000, "purchase"),
    ),
    "checkout_burst: a basket is a few steps": (
        paced(90, 333, "purchase"),
        paced(92, 333, "purchase"),
    ),
    "checkout_burst: 20 min": (paced(16, 80_200, "purchase"), paced(16, 80_000, "purchase")),
    "catalog_scraping: 110 in 60 min": (paced(110, 10_000), paced(111, 10_000)),
    "catalog_scraping: 60 min": (paced(111, 32_900), paced(111, 32_720)),
    "catalog_scraping: products seen again": (
        [*paced(112, 5000), *paced(2, 1, from_ms=1)],
        [*paced(113, 5000), *paced(2, 1, from_ms=1)],
    ),
    "catalog_scraping: of one session": (
        [replace(e, session=str(n % 2)) for n, e in enumerate(paced(220, 10_000))],
        [replace(e, session=str(n % 2)) for n, e in enumerate(paced(221, 10_000))],
    ),
    "cart_hoarding: 24 in 30 min": (paced(24, 1, "cart"), paced(25, 1, "cart")),
    "cart_hoarding: 30 min": (paced(25, 75_300, "cart"), paced(25, 75_000, "cart")),
    "cart_hoarding: a purchase in twenty carts": (shopping(39, 2), shopping(25, 1)),
    "machine_rhythm: regularity 70": (timer(0.3), timer(0.289)),
    "machine_rhythm: pauses up to 300 s": (paced(41, 300_001), paced(41, 300_000)),
    "machine_rhythm: pauses from 100 ms": (paced(41, 99), paced(41, 100)),
    "machine_rhythm: 40 pauses": (paced(40, 30_000), timer(0.1)),
    "site_flood: 4 events a user": (
        crowd(50, 4, carts=4, usual=60),
        crowd(40, 5, carts=4, usual=60),
    ),
    "site_flood: a fifth by one user": (
        crowd(160, 1, heaviest=40, carts=4),
        crowd(159, 1, heaviest=41, carts=4),
    ),
    "site_flood: 200 events": (crowd(28, 7, heaviest=3), crowd(28, 7, heaviest=4)),
    "site_flood: 250 percent": (crowd(40, 5, usual=80), crowd(40, 5, usual=79)),
    "site_flood: a fiftieth buys": (crowd(100, 2, carts=4), crowd(100, 2, carts=3)),
    "site_flood: 250 percent exactly": (
        crowd(40, 5, usual=80),
        crowd(40, 5, usual=80, heaviest=1),
    ),
    "site_flood: no second crossing after 251 percent": (
        [],
        [*crowd(40, 5, usual=80, heaviest=1), *loud_interval(11)],
    ),
    "site_flood: 1.2 products a user": (crowd(100, 2, curious=19), crowd(100, 2, curious=20)),
    "site_flood: a crossing after 250 percent": (
        crowd(40, 5, usual=80),
        [*crowd(40, 5, usual=80), *loud_interval(11)],
    ),
    "site_flood: 6 intervals": (crowd(40, 5, intervals=5), crowd(40, 5, intervals=6)),
}
"""What must raise no alarm, and what must, just on the other side."""
EDGES |= LAKE_EDGES
