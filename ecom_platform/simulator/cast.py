"""A part in a scenario: so many actors of one family, how fast, from when to when, and the user ids
that are theirs.

What the actors do belongs to `attackers` and `controls`; which families there are, to `families`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np

from ecom_platform.traffic.events import DAY_MS, Events, Family, joined
from ecom_platform.traffic.randomness import Keys, children, seed_key

FIRST_USER_ID = 600_000_000
USERS_PER_PART = 20_000
_BLOCKS = 10_000


class Rhythm(StrEnum):
    """How the pauses of an actor vary."""

    TIMER = "timer"
    """Even, within a share `jitter` of the mean to both sides."""
    PERSON = "person"
    """Anything from a quarter of the mean upwards, long pauses ever rarer."""
    PULSE = "pulse"
    """A dozen quick events, then a pause that keeps the mean."""
    DRIFT = "drift"
    """A person's, four times as long at the start as at the end."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One entry of a scenario, with all that was left open filled in.

    Attributes:
        name: what the actors are called; their random numbers and user ids follow from it.
        family: name of the family.
        actors: how many act; each is one line of the truth.
        users: user ids of one actor.
        rate: events a second of one actor over all its users; 0 where the family sets its own pace.
        rhythm: how pauses vary.
        jitter: largest deviation of a timer's pause, as a share of the mean (0 to 1).
        start_seconds: from the start of the scenario.
        duration_seconds: after which no event of these actors follows.
        events_per_session: a new session id after so many events of one user; 0 for never.
        events_per_user: the next of the actor's user ids after so many events; 0 where all its ids
            act side by side.
        clock_seconds: how far ahead of the time the actor's clock is.

    """

    name: str
    family: str
    actors: int = 1
    users: int = 1
    rate: float = 0.0
    rhythm: Rhythm = Rhythm.PERSON
    jitter: float = 0.0
    start_seconds: float = 0.0
    duration_seconds: float = 60.0
    events_per_session: int = 0
    events_per_user: int = 0
    clock_seconds: float = 0.0

    def user_id(self, actor: int, user: int) -> int:
        """Public id of one user of an actor, both counted from 0."""
        return FIRST_USER_ID + self.block * USERS_PER_PART + actor * self.users + user

    @property
    def block(self) -> int:
        """Which block of user ids is this part's own; a matter of its name alone."""
        digest = hashlib.blake2b(self.name.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") % _BLOCKS

    def key(self, *, seed: int, actor: int) -> Keys:
        """The key of an actor, from which all his numbers are drawn."""
        return children(seed_key(seed, f"part:{self.name}"), np.array([actor]))


Act = Callable[[int], Events]
"""All events of the actor with this number, grouped by session."""


class Company(Family):
    """The actors of one part as a family; those in `without` stay away and nobody else moves."""

    lookback_days = 1

    def __init__(
        self, part: Part, act: Act, *, origin_ms: int, without: frozenset[int] = frozenset()
    ) -> None:
        self._part = part
        self._act = act
        self._without = without
        self._start_ms = origin_ms + round(part.start_seconds * 1000)

    def begun_on(self, day: int) -> Events:
        """Everything, if the part starts on this day."""
        if self._start_ms // DAY_MS != day:
            return no_events()
        end_ms = self._start_ms + round(self._part.duration_seconds * 1000)
        acts = [self._act(n) for n in range(self._part.actors) if n not in self._without]
        events = joined([no_events(), *acts])
        return events.taken(events.time_ms < end_ms)


def no_events() -> Events:
    """Columns without a row."""
    kinds = {"time_ms": np.int64, "kind": np.uint8, "product": np.int32, "user": np.int64}
    return Events(
        **{f.name: np.zeros(0, dtype=kinds.get(f.name, np.uint64)) for f in fields(Events)}
    )
