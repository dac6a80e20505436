"""How crossings become episodes. Pure: no clock, no AWS; storage lives in `alert_table`.

An episode is the join of its crossings (earliest, latest, count, most prominent). A join does not
care for order or repetition, so any delivery of the same detections ends in the same episodes.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from .crossings import SEVERITIES, Crossing, Severity, to_wire_time

QUIET_MILLIS = 10 * 60 * 1000

# Keeps an item of the longest attack near 40 KB, far below DynamoDB's 400 KB.
MAX_REMEMBERED_CROSSINGS = 5_000


@dataclass(frozen=True)
class Episode:
    """Crossings of one rule by one entity, each less than ten minutes of event time from the next.

    `remembered` holds the times of the newest crossings: a crossing found there, or older than all
    of them once it is full, has been counted before.
    """

    peak: Crossing
    severity: Severity
    rule_version: int
    opened_at: int
    last_crossed_at: int
    crossing_count: int
    remembered: frozenset[int]

    @property
    def alert_id(self) -> str:
        return f"{self.peak.rule}#{self.peak.entity}#{to_wire_time(self.opened_at)}"

    def touches(self, crossed_at: int) -> bool:
        return self.opened_at - QUIET_MILLIS < crossed_at < self.last_crossed_at + QUIET_MILLIS

    def has_counted(self, crossed_at: int) -> bool:
        if crossed_at in self.remembered:
            return True
        is_full = len(self.remembered) >= MAX_REMEMBERED_CROSSINGS
        return is_full and self.opened_at <= crossed_at < min(self.remembered)


def fold(crossing: Crossing, episodes: Iterable[Episode]) -> Episode:
    """The one episode that `crossing` and every episode within its reach make together."""
    joined = [episode for episode in episodes if episode.touches(crossing.crossed_at)]
    is_new = not any(episode.has_counted(crossing.crossed_at) for episode in joined)
    remembered = {crossing.crossed_at} if is_new else set()
    remembered.update(*(episode.remembered for episode in joined))
    return Episode(
        peak=max([crossing, *(episode.peak for episode in joined)], key=_prominence),
        severity=max(
            [crossing.severity, *(episode.severity for episode in joined)], key=SEVERITIES.index
        ),
        rule_version=max(crossing.rule_version, *(e.rule_version for e in joined), 0),
        opened_at=min([crossing.crossed_at, *(episode.opened_at for episode in joined)]),
        last_crossed_at=max([crossing.crossed_at, *(e.last_crossed_at for e in joined)]),
        crossing_count=sum(episode.crossing_count for episode in joined) + is_new,
        remembered=frozenset(sorted(remembered)[-MAX_REMEMBERED_CROSSINGS:]),
    )


def _prominence(crossing: Crossing) -> tuple[Decimal, int, int, str]:
    """Highest value first, then the earliest; the rest only breaks ties the same way every time."""
    evidence = json.dumps(crossing.evidence, sort_keys=True, default=float)
    return crossing.observed_value, -crossing.crossed_at, crossing.rule_version, evidence
