"""The rules of the lake again, as plain loops, in the form of `rule_reference`."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise

from ecom_platform_tests.support.rule_events import RuleEvent
from ecom_platform_tests.support.rule_reference import (
    Crossing,
    Parameters,
    Row,
    crossings,
    distinct_count,
    grouped,
    steps_of,
)

MINUTE = 60_000


def tireless_visitor(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    most_minutes, most_events = (float(parameters[n]) for n in ("most_minutes", "most_events"))
    found = []
    for user, own in grouped(events, lambda one: one.user_id).items():
        minutes, rows = steps_of(own, MINUTE), []
        begun = {s: some[0].ms // MINUTE for s, some in grouped(own, lambda e: e.session).items()}
        for end in minutes:
            window = {e: m for e, m in minutes.items() if end - 59 * MINUTE <= e <= end}
            count = sum(
                distinct_count(s) for m in window.values() for s in grouped(m, _session).values()
            )
            session_minutes = sum(len({e.session for e in m}) for m in window.values())
            sessions = sum(any(e // MINUTE == at for e in window) for at in begun.values())
            are_several = (
                sessions >= float(parameters["least_sessions"])
                and session_minutes >= sessions * float(parameters["least_session_minutes"])
                and session_minutes >= len(window) * float(parameters["least_at_once"])
            )
            share = math.floor(100 * max(len(window) / most_minutes, count / most_events))
            evidence = {"active_minutes": len(window), "event_count": count}
            evidence["session_count"] = sessions
            value = 0.0 if are_several else float(share)
            rows.append(Row(end, end - MINUTE + 1, value, _floats(evidence)))
        found += crossings(str(user), rows, float(parameters["threshold"]))
    return found


def aimless_visitor(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    width, found = int(parameters["window_seconds"]) * 1000, []
    for user, own in grouped(_views(events), lambda one: one.user_id).items():
        rows = []
        for event in own:
            window = [e for e in own if event.ms - width <= e.ms <= event.ms]
            views = distinct_count(window)
            products = len({e.product_id for e in window})
            categories = len({e.category_id for e in window})
            is_aimless = products >= views * float(
                parameters["least_new_rate"]
            ) and categories >= views * float(parameters["least_category_rate"])
            evidence = _floats({"product_count": products, "category_count": categories})
            rows.append(Row(event.ms, event.ms, views if is_aimless else 0.0, evidence))
        found += crossings(str(user), rows, float(parameters["threshold"]))
    return found


def novel_crowd(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    width = int(parameters["window_seconds"]) * 1000
    found: list[Crossing] = []
    for end, interval in steps_of(events, width).items():
        users = grouped(interval, lambda one: one.user_id).values()
        novel = sum(_is_novel(_views(own), float(parameters["least_views"])) for own in users)
        if novel > len(users) * float(parameters["largest_user_rate"]) and novel > float(
            parameters["threshold"]
        ):
            found.append(("all", end, float(novel), (("user_count", float(len(users))),)))
    return found


def _is_novel(views: list[RuleEvent], least: float) -> bool:
    count = distinct_count(views)
    return count >= least and len({e.product_id for e in views}) >= 0.95 * count


def fresh_identities(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    width, found = int(parameters["window_seconds"]) * 1000, []
    for end, interval in steps_of(events, width).items():
        users = grouped(interval, lambda one: one.user_id).values()
        products = {min(e.product_id for e in own) for own in users if distinct_count(own) == 1}
        share = math.floor(100 * len(products) / len(users))
        is_large = len(users) >= float(parameters["least_users"])
        if is_large and share > float(parameters["threshold"]):
            evidence = _floats({"product_count": len(products), "user_count": len(users)})
            found.append(("all", end, float(share), tuple(sorted(evidence.items()))))
    return found


def rushed_product(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    rushed: dict[tuple[int, int], list[int]] = defaultdict(list)
    for user, own in grouped(events, lambda one: one.user_id).items():
        acts = {
            a for a in own if a.event_type in ("cart", "purchase") and _is_hasty(a, own, parameters)
        }
        acts_by_form = {(a.product_id, a.event_type, a.ms) for a in acts}
        if len(acts_by_form) >= distinct_count(own) * float(parameters["least_rushed_rate"]):
            for act in acts:
                rushed[act.product_id, user].append(act.ms)
    firsts = [(product, user, min(times)) for (product, user), times in rushed.items()]
    return _named(firsts, parameters, lambda product, _: {"product_id": product})


def _is_hasty(act: RuleEvent, own: list[RuleEvent], parameters: Parameters) -> bool:
    looks = [
        e.ms
        for e in own
        if e.event_type == "view" and e.product_id == act.product_id and e.ms <= act.ms
    ]
    return not looks or act.ms - min(looks) < float(parameters["shortest_look_ms"])


def hoarded_product(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    carted: dict[tuple[int, int], list[RuleEvent]] = defaultdict(list)
    for event in events:
        if event.event_type in ("cart", "purchase"):
            carted[event.product_id, event.user_id].append(event)
    carts = {key: [e for e in own if e.event_type == "cart"] for key, own in carted.items()}
    users: dict[int, set[int]] = defaultdict(set)
    buyers: dict[int, set[int]] = defaultdict(set)
    for (product, user), own in carted.items():
        if carts[product, user]:
            users[product].add(user)
            if any(e.event_type == "purchase" for e in own):
                buyers[product].add(user)
    all_acts = {u: distinct_count(own) for u, own in grouped(events, lambda e: e.user_id).items()}
    firsts = [(p, u, min(e.ms for e in own)) for (p, u), own in carts.items() if own]
    is_hoarded = {
        p: len(buyers[p]) <= len(some) * float(parameters["largest_buying_rate"])
        for p, some in users.items()
    }

    def is_named(product: int, user: int) -> bool:
        is_most = distinct_count(carts[product, user]) >= all_acts[user] * float(
            parameters["least_cart_rate"]
        )
        return is_hoarded[product] and user not in buyers[product] and is_most

    def evidence(product: int, _: int) -> dict[str, float]:
        return _floats(
            {
                "product_id": product,
                "user_count": len(users[product]),
                "buyer_count": len(buyers[product]),
            }
        )

    return _named(firsts, parameters, evidence, is_named)


def _named(
    firsts: list[tuple[int, int, int]],
    parameters: Parameters,
    evidence: Callable[[int, int], dict[str, float]],
    is_named: Callable[[int, int], bool] = lambda *_: True,
) -> list[Crossing]:
    """Each user of a product with too many others in the window before him or after him."""
    width, threshold = int(parameters["window_seconds"]) * 1000, float(parameters["threshold"])
    found = []
    for product, user, ms in sorted(firsts):
        before = sum(p == product and ms - width <= other <= ms for p, _, other in firsts)
        after = sum(p == product and ms <= other <= ms + width for p, _, other in firsts)
        value = float(max(before, after))
        if value > threshold and is_named(product, user):
            told = tuple(sorted((n, float(v)) for n, v in evidence(product, user).items()))
            found.append((str(user), ms, value, told))
    return found


def replayed_session(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    shortest, threshold = (float(parameters[n]) for n in ("shortest_pause_ms", "threshold"))
    walks: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
    for user, own in grouped(events, lambda one: one.user_id).items():
        ordered = sorted(own, key=lambda one: (one.ms, one.product_id))
        for a, b, c in zip(ordered, ordered[1:], ordered[2:], strict=False):
            products = (a.product_id, b.product_id, c.product_id)
            if min(b.ms - a.ms, c.ms - b.ms) >= shortest and len(set(products)) > 1:
                form = tuple(_form(later.ms - sooner.ms) for sooner, later in pairwise((a, b, c)))
                walks[products + form].append((c.ms, user))
    told: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for same in walks.values():
        count = len({user for _, user in same})
        for ms, user in same:
            if count > threshold and user != min(same)[1]:
                told[user].append((ms, count))
    return [
        (
            str(user),
            min(ms for ms, _ in some),
            float(max(count for _, count in some)),
            (("walk_count", float(len(some))),),
        )
        for user, some in told.items()
    ]


def _form(pause: int) -> int:
    exact = 4 * math.log(pause)
    return math.floor(exact + 0.5)


def _views(events: Iterable[RuleEvent]) -> list[RuleEvent]:
    return [one for one in events if one.event_type == "view"]


def _session(event: RuleEvent) -> str:
    return event.session


def _floats(values: dict[str, int]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


LAKE_RULES: dict[str, Callable[[list[RuleEvent], Parameters], list[Crossing]]] = {
    "aimless_visitor": aimless_visitor,
    "fresh_identities": fresh_identities,
    "hoarded_product": hoarded_product,
    "novel_crowd": novel_crowd,
    "replayed_session": replayed_session,
    "rushed_product": rushed_product,
    "tireless_visitor": tireless_visitor,
}
