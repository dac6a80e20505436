"""A bot in the past: its verdict takes it out of `people`, and a person's word brings it back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecom_platform.batch import Batch
from ecom_platform.contracts import marts
from ecom_platform.detection.verdicts import Word
from ecom_platform.pipeline.verdicts import say_verdict
from ecom_platform_tests.e2e.figures import BOT, DAY, figures, impact, restated, say
from ecom_platform_tests.support.tables import records

TakeIn = Callable[..., dict[str, str]]


def test_verdict_takes_a_bot_out_and_a_word_brings_it_back(
    batch: Batch, take_in: TakeIn, people: Path, bot: Path
) -> None:
    take_in(people)
    without = figures(batch, "people")
    assert figures(batch, "all") == without
    numbers = {c.name: c.number for c in batch.tables.commits(marts.DAILY_VISITORS)}

    take_in(bot)

    assert figures(batch, "people") == without
    everybody = figures(batch, "all")
    assert everybody != without
    verdicts = records(batch, "lake", "bot_verdicts")
    assert {(row["user_id"], str(row["event_date"])) for row in verdicts} == {(BOT, str(DAY))}
    assert {row["rule"] for row in verdicts} >= {"cart_hoarding", "tireless_visitor"}
    day = impact(batch)
    assert (day["bot_count"], day["bot_event_count"], day["bot_cart_count"]) == (1, 600, 200)
    assert day["ghost_cart_rate"] == pytest.approx(200 / day["cart_count"])
    assert day["abandonment_rate"] > day["people_abandonment_rate"]
    assert not day["is_under_attack"]
    told = restated(batch)
    assert {r["mart"] for r in told} == {"daily_visitors", "daily_cart_abandonment", "daily_funnel"}
    assert {(row["causes"], str(row["event_date"])) for row in told} == {
        ("late_events,verdict", str(DAY))
    }
    (events,) = [r for r in told if (r["figure"], r["audience"]) == ("event_count", "all")]
    assert int(events["new_value"]) - int(events["old_value"]) == 600
    again = {c.name: c.number for c in batch.tables.commits(marts.DAILY_VISITORS)}
    assert [name for name in again if again[name] != numbers[name]] == [str(DAY)]

    assert say(batch, "person", 1).days == (DAY,)
    assert figures(batch, "people") == figures(batch, "all") == everybody
    assert {row["overruled_reason"] for row in records(batch, "lake", "bot_verdicts")} == {"a test"}

    said = restated(batch)[len(told) :]
    assert {(row["audience"], row["causes"]) for row in said} == {("people", "overruling")}

    say(batch, "bot", 2)
    assert figures(batch, "people") == without
    assert restated(batch)[: len(told) + len(said)] == [*told, *said], "only ever added to"


def test_word_takes_out_somebody_whom_no_rule_names(
    batch: Batch, take_in: TakeIn, people: Path
) -> None:
    take_in(people)
    before = records(batch, "marts", "daily_visitors")
    user = int(people.read_text().splitlines()[1].split(",")[7])
    now = datetime(2026, 2, 1, tzinfo=UTC).replace(tzinfo=None)

    word = say_verdict(batch.tables, batch.engine, Word(user, "bot", "ours", now, "somebody"))
    batch.rebuild()

    for row in records(batch, "marts", "daily_visitors"):
        old = next(
            one["visitor_count"]
            for one in before
            if (one["event_date"], one["audience"]) == (row["event_date"], row["audience"])
        )
        is_out = row["audience"] == "people" and str(row["event_date"]) in map(str, word.days)
        assert row["visitor_count"] == old - is_out
