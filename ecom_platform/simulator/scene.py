"""A scenario set in scene: its families, and all their events as rows in the order of time.

The scene is always the same noon, so that the seed alone decides every row; moving the rows to now
belongs to `replay`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from ecom_platform.simulator.cast import no_events
from ecom_platform.simulator.families import FAMILIES, company
from ecom_platform.simulator.scenario import Scenario
from ecom_platform.simulator.truth import Actor
from ecom_platform.simulator.wire import SourceRow
from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.events import DAY_MS, Events, Family, in_time_order, joined
from ecom_platform.traffic.rows import RowText
from ecom_platform.traffic.visitors import Visitors

ORIGIN_MS = round(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp() * 1000)
_ROWS_AT_ONCE = 20_000


def families(scenario: Scenario, *, seed: int) -> list[Family]:
    """The people and the parts; each is drawn from its own keys alone."""
    parts: list[Family] = [
        company(cast.part, seed=seed, origin_ms=ORIGIN_MS) for cast in scenario.parts
    ]
    if scenario.people_rate == 0:
        return parts
    people = Visitors(
        seed=seed,
        rate=scenario.people_rate,
        start_ms=ORIGIN_MS,
        seconds=scenario.duration_seconds,
    )
    return [people, *parts]


def actors(scenario: Scenario) -> list[Actor]:
    """Who acts beside the people, with user ids and label."""
    return [
        Actor(
            name=f"{cast.part.name}-{number + 1}",
            family=cast.part.family,
            threat=FAMILIES[cast.part.family].threat,
            label=FAMILIES[cast.part.family].label,
            user_ids=tuple(cast.part.user_id(number, user) for user in range(cast.part.users)),
            expected_rules=cast.expected_rules,
        )
        for cast in scenario.parts
        for number in range(cast.part.actors)
    ]


def events(cast: Sequence[Family]) -> Events:
    """All events of families on the day of the scene, by time.

    A scene starts at noon and is shorter than half a day, so nothing of it begins on another day.
    """
    parts = [family.begun_on(ORIGIN_MS // DAY_MS) for family in cast]
    return in_time_order(joined([no_events(), *parts]))


def rows(found: Events, *, seed: int) -> Iterator[SourceRow]:
    """The rows of events, to the millisecond."""
    text = RowText(assortment(seed))
    for at in range(0, len(found), _ROWS_AT_ONCE):
        batch = found.taken(np.arange(at, min(at + _ROWS_AT_ONCE, len(found))))
        columns = text.table(batch).to_pydict()
        del columns["event_time"]
        values = zip(batch.time_ms.tolist(), *columns.values(), strict=True)
        yield from map(SourceRow._make, values)
