"""The rules of the stream again, as plain loops: slow, obvious, and independent of any SQL engine.

Each gives the crossings of a list of events as (entity, milliseconds, observed value, evidence).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from ecom_platform_tests.support.rule_events import RuleEvent

K = TypeVar("K")
Parameters = Mapping[str, str]
Crossing = tuple[str, int, float, tuple[tuple[str, float], ...]]
PERIOD_MS = 300_000
"""Above a threshold, a crossing is said again in every five minutes of the clock."""


@dataclass(frozen=True)
class Row:
    """One row of what a rule measures: when it is told, for which moment, and the value."""

    told_ms: int
    observed_ms: int
    value: float
    evidence: dict[str, float]


def grouped(events: Iterable[RuleEvent], key: Callable[[RuleEvent], K]) -> dict[K, list[RuleEvent]]:
    """The events of each key, in the order of time."""
    groups: dict[K, list[RuleEvent]] = defaultdict(list)
    for event in sorted(events, key=lambda one: one.ms):
        groups[key(event)].append(event)
    return groups


def distinct_count(events: Iterable[RuleEvent]) -> int:
    """How many different events there are: what was sent twice counts once."""
    found = list(events)
    return len({e.event_id for e in found if e.event_id}) + sum(e.event_id is None for e in found)


def crossings(entity: str, rows: Iterable[Row], threshold: float) -> list[Crossing]:
    """Where a value exceeds the threshold and that of the row before does not, or lies in an
    earlier five minutes.
    """
    found, before = [], Row(0, 0, 0.0, {})
    for row in rows:
        is_later = row.observed_ms // PERIOD_MS > before.observed_ms // PERIOD_MS
        if row.value > threshold and (before.value <= threshold or is_later):
            found.append((entity, row.told_ms, row.value, tuple(sorted(row.evidence.items()))))
        before = row
    return found


def steps_of(events: Iterable[RuleEvent], width: int) -> dict[int, list[RuleEvent]]:
    """Events by the last millisecond of their step, steps in order."""
    return grouped(events, lambda one: one.ms // width * width + width - 1)


def _of_kind(events: Iterable[RuleEvent], *kinds: str) -> list[RuleEvent]:
    return [one for one in events if one.event_type in kinds]


def user_flood(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    width, found = int(parameters["window_seconds"]) * 1000, []
    for user, own in grouped(events, lambda one: one.user_id).items():
        steps, rows = steps_of(own, 100), []
        for end, step in steps.items():
            window = {e: s for e, s in steps.items() if end - width <= e <= end}
            count = sum(distinct_count(s) for s in window.values())
            oldest = window[min(window)]
            if step[0].ms - width > oldest[-1].ms:
                count -= distinct_count(oldest)
            views = sum(distinct_count(_of_kind(s, "view")) for s in window.values())
            rows.append(Row(end, step[0].ms, float(count), {"view_count": float(views)}))
        found += crossings(str(user), rows, float(parameters["threshold"]))
    return found


def machine_rhythm(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    shortest, longest = int(parameters["shortest_gap_ms"]), int(parameters["longest_gap_ms"])
    wanted, found = int(parameters["gap_count"]) + 1, []
    for user, own in grouped(events, lambda one: one.user_id).items():
        steps = list(steps_of(own, 100).items())
        gaps = [(end, b[0].ms, b[0].ms - a[-1].ms) for (_, a), (end, b) in pairwise(steps)]
        gaps = [one for one in gaps if shortest <= one[2] <= longest]
        rows = []
        for place, (end, ms, _) in enumerate(gaps):
            recent = [float(gap) for *_, gap in gaps[max(0, place + 1 - wanted) : place + 1]]
            total, squares = sum(recent), sum(gap * gap for gap in recent)
            spread = math.sqrt(len(recent) * squares - total * total) / total
            regularity = math.floor(100 - 100 * spread) if len(recent) == wanted else 0
            rows.append(Row(end, ms, float(regularity), {"mean_gap_ms": total / len(recent)}))
        found += crossings(str(user), rows, float(parameters["threshold"]))
    return found


def catalog_scraping(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    width, most = int(parameters["window_seconds"]) * 1000, float(parameters["threshold"])
    found = []
    for (user, _), own in grouped(
        _of_kind(events, "view"), lambda one: (one.user_id, one.session)
    ).items():
        steps, rows = steps_of(own, 10_000), []
        for end in steps:
            products, beyond, views = set[int](), 0, 0
            for step in (s for e, s in steps.items() if end - width <= e <= end):
                by_product = grouped(step, lambda one: one.product_id)
                views += sum(distinct_count(same) for same in by_product.values())
                is_beyond = len(by_product) > most
                products |= {min(by_product)} if is_beyond else set(by_product)
                beyond += len(by_product) - 1 if is_beyond else 0
            count = len(products) + beyond
            evidence = {"product_count": float(count), "view_count": float(views)}
            rows.append(Row(end, end, float(2 * count - views), evidence))
        found += crossings(str(user), rows, most)
    return found


def cart_hoarding(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    width, rate = (
        int(parameters["window_seconds"]) * 1000,
        float(parameters["largest_purchase_rate"]),
    )
    found = []
    for user, steps in _cart_steps(events).items():
        rows = []
        for end in steps:
            window = [e for at, s in steps.items() if end - width <= at <= end for e in s]
            carts = distinct_count(_of_kind(window, "cart"))
            bought = distinct_count(_of_kind(window, "purchase"))
            value = float(carts) if bought <= carts * rate else 0.0
            rows.append(Row(end, end, value, {"purchase_count": float(bought)}))
        found += crossings(str(user), rows, float(parameters["threshold"]))
    return found


def checkout_burst(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    width, found = int(parameters["window_seconds"]) * 1000, []
    for user, steps in _cart_steps(_of_kind(events, "purchase")).items():
        rows = []
        for end in steps:
            window = [s for at, s in steps.items() if end - width <= at <= end]
            bought = float(sum(distinct_count(s) for s in window))
            rows.append(Row(end, end, float(len(window)), {"purchase_count": bought}))
        found += crossings(str(user), rows, float(parameters["threshold"]))
    return found


def _cart_steps(events: list[RuleEvent]) -> dict[int, dict[int, list[RuleEvent]]]:
    own = grouped(_of_kind(events, "cart", "purchase"), lambda one: one.user_id)
    return {user: steps_of(some, 2000) for user, some in own.items()}


def site_flood(events: list[RuleEvent], parameters: Parameters) -> list[Crossing]:
    number = {
        n: float(value) for n, value in parameters.items() if n not in ("severity", "entity_type")
    }
    intervals = steps_of(events, int(number["window_seconds"]) * 1000)
    rows = []
    for end, interval in intervals.items():
        first = end - int(number["baseline_minutes"]) * 60_000
        before = [_site_count(s) for other, s in intervals.items() if first <= other < end]
        value, evidence = _site_load(interval, before, number)
        rows.append(Row(end, end, value, evidence))
    return crossings("all", rows, number["threshold"])


def _site_count(events: list[RuleEvent]) -> float:
    by_user = grouped(events, lambda one: one.user_id)
    return float(sum(distinct_count(own) for own in by_user.values()))


def _site_load(
    events: list[RuleEvent], before: list[float], number: dict[str, float]
) -> tuple[float, dict[str, float]]:
    """Percent of the usual that an interval has; 0 where a crowd of people explains it."""
    by_user = grouped(events, lambda one: one.user_id)
    evidence = {
        "event_count": _site_count(events),
        "user_count": float(len(by_user)),
        "product_count": float(sum(len({e.product_id for e in own}) for own in by_user.values())),
        "heaviest_count": float(max(distinct_count(own) for own in by_user.values())),
        "buying_count": float(len(_of_kind(events, "cart", "purchase"))),
    }
    is_judged = (
        evidence["event_count"] >= number["smallest_event_count"]
        and len(before) >= number["smallest_interval_count"]
        and not _is_crowd(evidence, number)
    )
    load = math.floor(100 * evidence["event_count"] * len(before) / sum(before)) if is_judged else 0
    return float(load), evidence


def _is_crowd(evidence: dict[str, float], number: dict[str, float]) -> bool:
    count, users = evidence["event_count"], evidence["user_count"]
    return (
        count <= users * number["largest_events_per_user"]
        and evidence["heaviest_count"] <= count * number["largest_user_rate"]
        and (
            evidence["buying_count"] >= count * number["smallest_buying_rate"]
            or evidence["product_count"] < users * number["largest_products_per_user"]
        )
    )


RULES: dict[str, Callable[[list[RuleEvent], Parameters], list[Crossing]]] = {
    "user_flood": user_flood,
    "checkout_burst": checkout_burst,
    "catalog_scraping": catalog_scraping,
    "cart_hoarding": cart_hoarding,
    "machine_rhythm": machine_rhythm,
    "site_flood": site_flood,
}
