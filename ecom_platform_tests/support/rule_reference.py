"""The six rules again, as plain loops: slow, obvious, and independent of any SQL engine.

Each gives the crossings of a list of events as (entity, milliseconds, observed value, evidence).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Parameters = Mapping[str, str]
Crossing = tuple[str, int, float, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class RuleEvent:
    """What the rules read of an event."""

    user_id: int
    ms: int
    event_type: str = "view"
    product_id: int = 1


def _by_user(events: Iterable[RuleEvent]) -> dict[int, list[RuleEvent]]:
    users: dict[int, list[RuleEvent]] = defaultdict(list)
    for event in sorted(events, key=lambda one: one.ms):
        users[event.user_id].append(event)
    return users


def _crossings(
    entity: str, values: Iterable[tuple[int, float, dict[str, float]]], threshold: float
) -> list[Crossing]:
    """Where a value exceeds the threshold and that of the row before does not."""
    found, previous = [], 0.0
    for ms, value, evidence in values:
        if value > threshold >= previous:
            found.append((entity, ms, value, tuple(sorted(evidence.items()))))
        previous = value
    return found


Measure = Callable[[list[RuleEvent]], tuple[float, dict[str, float]]]


def _sliding(
    events: Iterable[RuleEvent], parameters: Parameters, measure: Measure
) -> list[Crossing]:
    """A measure of what each user did in the window that ends with each event, both ends in."""
    width, threshold = int(parameters["window_seconds"]) * 1000, float(parameters["threshold"])
    found = []
    for user, own in _by_user(events).items():
        values = []
        for event in own:
            window = [one for one in own if event.ms - width <= one.ms <= event.ms]
            values.append((event.ms, *measure(window)))
        found += _crossings(str(user), values, threshold)
    return found


def _count(window: list[RuleEvent], *kinds: str) -> float:
    return float(sum(one.event_type in kinds for one in window))


def _products(window: list[RuleEvent]) -> float:
    return float(len({one.product_id for one in window}))


def user_flood(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    def measure(window: list[RuleEvent]) -> tuple[float, dict[str, float]]:
        return float(len(window)), {"view_count": _count(window, "view")}

    return _sliding(events, parameters, measure)


def checkout_burst(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    def measure(window: list[RuleEvent]) -> tuple[float, dict[str, float]]:
        return float(len(window)), {"product_count": _products(window)}

    return _sliding([e for e in events if e.event_type == "purchase"], parameters, measure)


def catalog_scraping(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    def measure(window: list[RuleEvent]) -> tuple[float, dict[str, float]]:
        others = float(len(window)) - _count(window, "view")
        is_scraping = others <= len(window) * float(parameters["largest_cart_rate"])
        evidence = {"event_count": float(len(window)), "cart_count": others}
        return _products(window) if is_scraping else 0.0, evidence

    return _sliding(events, parameters, measure)


def cart_hoarding(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    def measure(window: list[RuleEvent]) -> tuple[float, dict[str, float]]:
        carts = _count(window, "cart")
        kept = carts - _count(window, "remove_from_cart")
        return 0.0 if _count(window, "purchase") else kept, {"cart_count": carts}

    return _sliding([e for e in events if e.event_type != "view"], parameters, measure)


def machine_rhythm(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    shortest, longest = int(parameters["shortest_gap_ms"]), int(parameters["longest_gap_ms"])
    wanted = int(parameters["gap_count"]) + 1
    found = []
    for user, own in _by_user(events).items():
        gaps = [(b.ms, b.ms - a.ms) for a, b in pairwise(own) if shortest <= b.ms - a.ms <= longest]
        values = []
        for place, (ms, _) in enumerate(gaps):
            recent = [float(gap) for _, gap in gaps[max(0, place + 1 - wanted) : place + 1]]
            total, squares = sum(recent), sum(gap * gap for gap in recent)
            spread = math.sqrt(len(recent) * squares - total * total) / total
            regularity = math.floor(100 - 100 * spread) if len(recent) == wanted else 0
            values.append((ms, float(regularity), {"mean_gap_ms": total / len(recent)}))
        found += _crossings(str(user), values, float(parameters["threshold"]))
    return found


def site_flood(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    number = {
        n: float(value) for n, value in parameters.items() if n not in ("severity", "entity_type")
    }
    width = int(number["window_seconds"]) * 1000
    intervals: dict[int, list[RuleEvent]] = defaultdict(list)
    for event in events:
        intervals[event.ms // width * width + width - 1].append(event)
    ends = sorted(intervals)
    values = []
    for end in ends:
        first = end - int(number["baseline_minutes"]) * 60_000
        before = [float(len(intervals[other])) for other in ends if first <= other < end]
        values.append((end, *_site_load(intervals[end], before, number)))
    return _crossings("all", values, number["threshold"])


def _site_load(
    events: list[RuleEvent], before: list[float], number: dict[str, float]
) -> tuple[float, dict[str, float]]:
    """Percent of the usual that an interval has; 0 where a crowd of people explains it."""
    by_user: dict[int, int] = defaultdict(int)
    for event in events:
        by_user[event.user_id] += 1
    count, heaviest = float(len(events)), float(max(by_user.values()))
    is_crowd = (
        count <= len(by_user) * number["largest_events_per_user"]
        and heaviest <= count * number["largest_user_rate"]
    )
    is_judged = (
        count >= number["smallest_event_count"]
        and len(before) >= number["smallest_interval_count"]
        and not is_crowd
    )
    evidence = {
        "event_count": count,
        "user_count": float(len(by_user)),
        "heaviest_count": heaviest,
        "purchase_count": _count(events, "purchase"),
    }
    return float(
        math.floor(100 * count * len(before) / sum(before))
    ) if is_judged else 0.0, evidence


RULES: dict[str, Callable[[list[RuleEvent], Parameters], list[Crossing]]] = {
    "user_flood": user_flood,
    "checkout_burst": checkout_burst,
    "catalog_scraping": catalog_scraping,
    "cart_hoarding": cart_hoarding,
    "machine_rhythm": machine_rhythm,
    "site_flood": site_flood,
}
