"""The bounds of the lake's rules, as `rule_edges` for those of the stream."""

from dataclasses import replace

from ecom_platform_tests.support.rule_events import START, Edges, RuleEvent, paced

MINUTE = 60_000


def people_at_once(sessions: int, lasting: int, minutes: int = 53) -> list[RuleEvent]:
    """One account in each of so many minutes, in so many sessions that last so many minutes."""
    events = []
    for minute in range(minutes):
        for place in range(sessions):
            session = f"{place}.{minute // lasting}"
            events.append(RuleEvent(1, START + MINUTE * minute + place, session=session))
    return events


def short_sessions(parted: int) -> list[RuleEvent]:
    """Three sessions at once for 53 minutes, 53 of one minute and 53 of two; some parted."""
    events = []
    for minute in range(53):
        first = "x" if minute == 52 else f"a{minute // 2}"
        second = "x" if minute == 0 else f"b{(minute - 1) // 2}"
        first += "parted" if minute % 2 and minute < 2 * parted else ""
        events += [
            RuleEvent(1, START + MINUTE * minute + place, session=session)
            for place, session in enumerate((first, second, f"c{minute}"))
        ]
    return events


def crowd(novel: int, views: int, others: int, *, repeated: int = 0) -> list[RuleEvent]:
    """People who see so many products, hardly one twice, among others who see one."""
    seen = [
        RuleEvent(user, START + view, product_id=max(0, view - repeated))
        for user in range(novel)
        for view in range(views)
    ]
    return [*seen, *(RuleEvent(5000 + user, START) for user in range(others))]


def hits(fresh: int, others: int) -> list[RuleEvent]:
    """Users who look at one product each, each at another, among others who do two things."""
    events = [RuleEvent(user, START, product_id=user) for user in range(fresh)]
    return [*events, *(RuleEvent(5000 + u, START + n) for u in range(others) for n in range(2))]


def rush(users: int, gap: int = 1000, *, look: int | None = None) -> list[RuleEvent]:
    """Users who cart one product, one after the other, and see nothing or that before."""
    events = []
    for user in range(users):
        ms = START + gap * user
        looks = [] if look is None else [RuleEvent(user, ms - look)]
        events += [*looks, RuleEvent(user, ms, "cart")]
    return events


def hoard(
    users: int,
    *,
    buyers: int = 0,
    looks: int = 0,
    gap: int = 1000,
    named: int = -1,
    carts: int = 1,
) -> list[RuleEvent]:
    """Users who cart one product; all but one also see so much else that they are not named."""
    events = []
    for user in range(users):
        ms = START + gap * user
        seen = looks if user == named % users else 9
        events += [RuleEvent(user, ms - 1 - k, product_id=2) for k in range(seen)]
        events += [RuleEvent(user, ms, "cart")] * (carts if user == named % users else 1)
        if user < buyers:
            events.append(RuleEvent(user, ms + 1, "purchase"))
    return events


def replay(users: int, pauses: tuple[int, int] = (4000, 9000)) -> list[RuleEvent]:
    """The same three products at the same pauses, by one user after the other."""
    events = []
    for user in range(users):
        start = START + 100_000 * user
        times = (0, pauses[0], pauses[0] + pauses[1])
        events += [RuleEvent(user, start + ms, product_id=n) for n, ms in enumerate(times)]
    return events


LAKE_EDGES: Edges = {
    "tireless_visitor: 52 minutes": (paced(52, MINUTE), paced(53, MINUTE)),
    "tireless_visitor: within 60 minutes": (paced(53, 71_000), paced(53, 68_000)),
    "tireless_visitor: 300 events": (paced(302, 1000), paced(303, 1000)),
    "tireless_visitor: five sessions": (people_at_once(5, 53), people_at_once(4, 53)),
    "tireless_visitor: sessions of 1.5 minutes": (short_sessions(0), short_sessions(1)),
    "tireless_visitor: two at once": (people_at_once(2, 12), people_at_once(1, 10)),
    "aimless_visitor: 11 views": (paced(11, 1000), paced(12, 1000)),
    "aimless_visitor: 30 minutes": (paced(12, 163_700), paced(12, 163_600)),
    "aimless_visitor: 95 percent new": (
        [*paced(18, 1000, from_ms=5000)[:11], RuleEvent(1, START, product_id=0, category_id=0)],
        paced(12, 1000),
    ),
    "aimless_visitor: 9 categories in ten": (
        [replace(e, category_id=min(e.category_id, 9)) for e in paced(12, 1000)],
        [replace(e, category_id=min(e.category_id, 10)) for e in paced(12, 1000)],
    ),
    "novel_crowd: 10 users": (crowd(10, 8, 100), crowd(11, 8, 100)),
    "novel_crowd: one in forty": (crowd(11, 8, 429), crowd(11, 8, 428)),
    "novel_crowd: 8 views": (crowd(11, 7, 100), crowd(11, 8, 100)),
    "novel_crowd: one of 20 again": (
        crowd(11, 19, 100, repeated=1),
        crowd(11, 20, 100, repeated=1),
    ),
    "fresh_identities: half and one percent": (hits(101, 99), hits(102, 98)),
    "fresh_identities: 200 users": (hits(150, 49), hits(150, 50)),
    "rushed_product: 5 users": (rush(5), rush(6)),
    "rushed_product: an hour": (rush(6, 720_001), rush(6, 720_000)),
    "rushed_product: 3 s": (rush(6, look=3000), rush(6, look=2999)),
    "rushed_product: two acts in five": (
        [*rush(6), *(RuleEvent(u, START + 9_000_000 + k) for u in range(6) for k in range(2))],
        [*rush(6), *(RuleEvent(u, START + 9_000_000) for u in range(6))],
    ),
    "hoarded_product: 15 users": (hoard(15), hoard(16)),
    "hoarded_product: an hour": (hoard(16, gap=240_001), hoard(16, gap=240_000)),
    "hoarded_product: an hour from the first on": (
        hoard(16, gap=240_001, named=0),
        hoard(16, gap=240_000, named=0),
    ),
    "hoarded_product: one in fifty buys": (hoard(49, buyers=1), hoard(50, buyers=1)),
    "hoarded_product: three acts in ten": (
        hoard(16, looks=8, carts=3),
        hoard(16, looks=7, carts=3),
    ),
    "replayed_session: 5 users": (replay(5), replay(6)),
    "replayed_session: pauses of a second": (replay(6, (999, 9000)), replay(6, (1000, 9000))),
}
