import random

import pytest
from alert_recorder import episodes
from alert_recorder.crossings import Crossing
from alert_recorder.episodes import Episode, fold

from ecom_platform_tests.streaming.detections import crossing


def fold_all(crossings: list[Crossing]) -> list[Episode]:
    found: list[Episode] = []
    for each in crossings:
        joined = fold(each, found)
        found = [old for old in found if not old.touches(each.crossed_at)] + [joined]
    return sorted(found, key=lambda episode: episode.opened_at)


def test_crossings_less_than_ten_minutes_apart_are_one_episode() -> None:
    [episode] = fold_all([crossing(seconds=0), crossing(seconds=599.999), crossing(seconds=1199)])
    assert episode.crossing_count == 3
    assert episode.last_crossed_at - episode.opened_at == 1_199_000


def test_ten_minutes_of_quiet_end_an_episode() -> None:
    first, second = fold_all([crossing(seconds=0), crossing(seconds=600)])
    assert (first.crossing_count, second.crossing_count) == (1, 1)


def test_a_late_crossing_joins_the_episodes_on_both_sides() -> None:
    outer = [crossing(seconds=0), crossing(seconds=900)]
    assert len(fold_all(outer)) == 2
    [joined] = fold_all([*outer, crossing(seconds=450)])
    assert joined.crossing_count == 3


def test_the_peak_is_the_highest_value_and_the_earliest_of_equals() -> None:
    [episode] = fold_all(
        [
            crossing(seconds=5, observed_value=20.5, severity="low", evidence={"at": 5}),
            crossing(seconds=1, observed_value=20.5, severity="low", evidence={"at": 1}),
            crossing(seconds=9, observed_value=12.0, severity="critical", evidence={"at": 9}),
        ]
    )
    assert episode.peak.evidence == {"at": 1}
    assert episode.severity == "critical"


def test_memory_is_bounded_and_what_it_forgot_counts_as_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(episodes, "MAX_REMEMBERED_CROSSINGS", 3)
    crossings = [crossing(seconds=second) for second in range(10)]
    [episode] = fold_all([*crossings, *crossings])
    assert episode.crossing_count == 10
    assert len(episode.remembered) == 3


@pytest.mark.parametrize("seed", range(200))
def test_any_order_and_any_repetition_give_the_same_episodes(seed: int) -> None:
    chance = random.Random(seed)
    crossings = [
        crossing(
            seconds=chance.choice([chance.uniform(0, 3600), chance.randrange(0, 3600, 300)]),
            observed_value=chance.choice([11.0, 12.5, 40]),
            severity=chance.choice(["low", "medium", "critical"]),
            rule_version=chance.choice([1, 2]),
            evidence={"draw": chance.choice([1, 2.5, "x", None])},
        )
        for _ in range(chance.randrange(1, 20))
    ]
    expected = fold_all(sorted(crossings, key=lambda each: each.crossed_at))
    delivered = crossings + chance.choices(crossings, k=20)
    chance.shuffle(delivered)
    assert fold_all(delivered) == expected
