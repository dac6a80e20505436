"""Traffic at the edges of the lake's rules, seeded; as `rule_traffic` for those of the stream."""

import random
from collections.abc import Callable

from ecom_platform_tests.support.rule_events import START, RuleEvent, sent_twice

MINUTE = 60_000


def tireless_visitor(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(40):
        share, each = chosen.choice([(0.8, 1), (0.9, 1), (0.95, 2), (0.6, 8)])
        sessions = chosen.choice([1, 1, 4, 5, 6, 12])
        for minute in range(150):
            for _ in range(each if chosen.random() < share else 0):
                session = f"{minute // chosen.choice([20, 40])}.{chosen.randrange(sessions)}"
                ms = START + MINUTE * minute + chosen.choice([0, 30_000, 59_999])
                events.append(RuleEvent(user, ms, session=session))
    return sent_twice(events, chosen)


def aimless_visitor(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(150):
        shelf, categories = chosen.choice([30, 100, 1000]), chosen.choice([15, 60, 500])
        for t in sorted(chosen.choices(range(90), k=chosen.randint(10, 50))):
            product = chosen.randrange(shelf)
            kind = "cart" if chosen.random() < 0.05 else "view"
            events.append(
                RuleEvent(user, START + 45_000 * t, kind, product, category_id=product % categories)
            )
    return sent_twice(events, chosen)


def novel_crowd(chosen: random.Random) -> list[RuleEvent]:
    events, user = [], 0
    for interval in range(40):
        novel, rest = chosen.choice([10, 11, 12]), chosen.choice([100, 428, 429, 430, 468])
        is_exact = chosen.random() < 0.7
        start = START + 10 * MINUTE * interval
        for number in range(novel + rest):
            user += 1
            views = 1 if number >= novel else chosen.choice([8, 9] if is_exact else [7, 8, 20, 21])
            repeated = 0 if is_exact else chosen.choice([0, 0, 1])
            for view in range(views):
                product = max(0, view - repeated)
                at = chosen.choice([0, 10 * MINUTE - 1])
                events.append(RuleEvent(user, start + at, product_id=product))
            events.append(RuleEvent(user, start, "cart"))
    return sent_twice(events, chosen)


def fresh_identities(chosen: random.Random) -> list[RuleEvent]:
    events, user, product = [], 0, 0
    for interval in range(60):
        users = chosen.choice([198, 199, 200, 201, 300])
        share = chosen.choice([0.49, 0.5, 0.505, 0.51, 0.52, 0.6])
        start = START + 10 * MINUTE * interval
        for number in range(users):
            user, is_fresh = user + 1, number < users * share
            product += 1 if is_fresh or chosen.random() < 0.02 else 0
            at = chosen.choice([0, 10 * MINUTE - 1])
            events.append(RuleEvent(user, start + at, product_id=product if is_fresh else 0))
            if not is_fresh:
                events.append(RuleEvent(user, start + at, product_id=product))
    return sent_twice(events, chosen)


def rushed_product(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for user in range(400):
        product = 2 * chosen.randrange(14)
        ms = START + 10 * MINUTE * chosen.randrange(18)
        looked = chosen.choice([None, 0, 2999, 3000, 3001])
        if looked is not None:
            events.append(RuleEvent(user, ms - looked, product_id=product))
        events.append(RuleEvent(user, ms, chosen.choice(["cart", "purchase"]), product))
        rest = chosen.choice([0, 0, 1, 2, 3])
        events += [RuleEvent(user, ms + MINUTE * (k + 1), product_id=99) for k in range(rest)]
        if chosen.random() < 0.2:
            events.append(RuleEvent(user, ms, "cart", product + 1))
    return sent_twice(events, chosen)


def hoarded_product(chosen: random.Random) -> list[RuleEvent]:
    events = []
    for product in range(24):
        carters, buyers = chosen.choice([(15, 0), (16, 0), (49, 1), (50, 1), (51, 1), (90, 3)])
        for number in range(carters + 3):
            user = 1000 * product + number
            ms = START + 10 * MINUTE * chosen.choice([0, 1, 2, 3, 5, 6, 7, 12])
            looks = chosen.choice([0, 1, 2, 3, 4])
            events += [RuleEvent(user, ms - k - 1, product_id=product) for k in range(looks)]
            kinds = ["purchase"] if number >= carters else ["cart"]
            kinds += ["purchase"] if number < buyers else []
            events += [RuleEvent(user, ms, kind, product) for kind in kinds]
            if chosen.random() < 0.1:
                events.append(RuleEvent(user, ms, "cart", (product + 1) % 24))
    return sent_twice(events, chosen)


def replayed_session(chosen: random.Random) -> list[RuleEvent]:
    events, user = [], 0
    for _ in range(40):
        walk = [(chosen.randrange(3), chosen.choice([999, 1000, 4000, 9000])) for _ in range(5)]
        for _ in range(chosen.choice([4, 5, 6, 7, 8])):
            user, ms = user + 1, START + chosen.randrange(10_000_000)
            events += [
                RuleEvent(user, ms, product_id=product) for product in chosen.sample((7, 8), 2)
            ]
            for product, pause in walk:
                ms += round(pause * chosen.choice([1, 1, 1, 1.1, 1.2, 1.3]))
                events.append(RuleEvent(user, ms, product_id=product))
    return events


LAKE_TRAFFIC: dict[str, Callable[[random.Random], list[RuleEvent]]] = {
    "aimless_visitor": aimless_visitor,
    "fresh_identities": fresh_identities,
    "hoarded_product": hoarded_product,
    "novel_crowd": novel_crowd,
    "replayed_session": replayed_session,
    "rushed_product": rushed_product,
    "tireless_visitor": tireless_visitor,
}
