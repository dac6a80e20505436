"""From families to whole UTC days: sessions that run past midnight are carried into the days they
reach.

What happens inside a session belongs to the families; how a day becomes text belongs to `rows`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ecom_platform.traffic.events import DAY_MS, Events, Family, in_time_order, joined

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, kw_only=True)
class Day:
    """All events of one UTC day in time order."""

    date: date
    events: Events


def days(families: Sequence[Family], *, start: date, end: date) -> Iterator[Day]:
    """Every day from `start` to `end`, both included.

    Starts early enough for sessions that were already open, so a day has the same rows in whatever
    period it is asked for.
    """
    first = start.toordinal() - _EPOCH
    lookback = max(family.lookback_days for family in families)
    running: list[Events] = []
    for day in range(first - lookback, end.toordinal() - _EPOCH + 1):
        known = joined([*running, *(family.begun_on(day) for family in families)])
        is_today = known.time_ms < (day + 1) * DAY_MS
        running = [known.taken(~is_today)]
        if day >= first:
            yield Day(
                date=date.fromordinal(day + _EPOCH), events=in_time_order(known.taken(is_today))
            )
