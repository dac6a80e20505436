"""People by the second: the rate, the habits of the published shop, nobody moved by another."""

import numpy as np
import pytest

from ecom_platform.simulator.scene import ORIGIN_MS
from ecom_platform.traffic.events import DAY_MS, Events, Kind
from ecom_platform.traffic.visitors import Visitors

DAY = ORIGIN_MS // DAY_MS


def seen(*, rate: float = 50, seconds: int = 600, without: tuple[int, ...] = ()) -> Events:
    visitors = Visitors(seed=7, rate=rate, start_ms=ORIGIN_MS, seconds=seconds, without=without)
    return visitors.begun_on(DAY)


@pytest.mark.parametrize("rate", [5, 50, 500])
def test_rate_is_that_asked_for(rate: float) -> None:
    events = seen(rate=rate, seconds=600 if rate < 100 else 60)
    seconds = 600 if rate < 100 else 60
    assert len(events) / seconds == pytest.approx(rate, rel=0.08)


def test_load_is_as_high_at_the_start_as_at_the_end() -> None:
    time_ms = seen().time_ms - ORIGIN_MS
    first, last = (time_ms < 120_000).sum(), (time_ms >= 480_000).sum()
    assert first == pytest.approx(last, rel=0.1)
    assert 0 <= time_ms.min() < time_ms.max() < 600_000


def test_higher_load_is_more_people_and_not_hastier_ones() -> None:
    def pause(events: Events) -> float:
        order = np.lexsort((events.time_ms, events.session))
        same = np.diff(events.session[order]) == 0
        return float(np.median(np.diff(events.time_ms[order])[same]))

    assert pause(seen(rate=200)) == pytest.approx(pause(seen(rate=20)), rel=0.1)


def test_people_look_far_more_often_than_they_buy() -> None:
    events = seen(rate=200)
    share = np.bincount(events.kind, minlength=4) / len(events)
    assert share[Kind.VIEW] > 0.9
    assert share[Kind.PURCHASE] == pytest.approx(0.016, rel=0.5)


def test_taking_one_visitor_out_removes_exactly_his_rows() -> None:
    everybody = seen()
    users, counts = np.unique(everybody.user, return_counts=True)
    user = users[counts.argmax()]
    numbers = Visitors(seed=7, rate=50, start_ms=ORIGIN_MS, seconds=1).user_ids(np.arange(60_000))
    (number,) = np.flatnonzero(numbers == user)
    kept = everybody.taken(everybody.user != user)
    fewer = seen(without=(int(number),))
    assert [c.tolist() for c in vars(fewer).values()] == [c.tolist() for c in vars(kept).values()]


def test_longer_window_changes_nobody() -> None:
    short, long = seen(seconds=60), seen(seconds=120)
    inside = long.taken(long.time_ms < ORIGIN_MS + 60_000)
    assert inside.session.tolist() == short.session.tolist()
