"""Events as the rules read them, for tests."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

START = 1_767_362_400_000
"""2026-01-02 14:00:00 UTC: windows begin there."""


@dataclass(frozen=True)
class RuleEvent:
    """What the rules read of an event; without an id of its own it is like no other."""

    user_id: int
    ms: int
    event_type: str = "view"
    product_id: int = 1
    session: str = "s"
    category_id: int = 1
    event_id: str | None = None


def sent_twice(events: Iterable[RuleEvent], chosen: random.Random) -> list[RuleEvent]:
    """The same events, one in fifty of them a second time."""
    named = [replace(event, event_id=f"e{number}") for number, event in enumerate(events)]
    return [*named, *(event for event in named if chosen.random() < 0.02)]


Edges = dict[str, tuple[list[RuleEvent], list[RuleEvent]]]
"""By bound: what must raise no alarm, and what must raise one."""


def paced(count: int, gap: float, kind: str = "view", *, from_ms: int = 0) -> list[RuleEvent]:
    """So many events of one user, so many milliseconds apart, each about another product."""
    return [
        RuleEvent(1, START + from_ms + round(number * gap), kind, number, category_id=number)
        for number in range(count)
    ]
