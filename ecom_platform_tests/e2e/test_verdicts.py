"""A bot in the past: its verdict takes it out of `people`, and a person's word brings it back."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from ecom_platform.batch import Batch
from ecom_platform.contracts import marts
from ecom_platform.contracts.mart_columns import AUDIENCE
from ecom_platform.contracts.verdicts import CANARY_ENTITY
from ecom_platform.detection.verdicts import Word
from ecom_platform.pipeline.verdicts import say_verdict, stale_verdict_days
from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.rows import COLUMNS
from ecom_platform_tests.support.tables import records

TakeIn = Callable[..., dict[str, str]]

BOT, DAY = 999_999_001, date(2026, 1, 6)
WITH_AUDIENCE = [mart for mart in marts.TABLES if AUDIENCE in mart.columns]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a small shop."""
    folder = tmp_path_factory.mktemp("people")
    traffic.main(
        ["generate", f"--out={folder}", "--start=2026-01-05", "--end=2026-01-07"]
        + ["--events-per-day=2000", "--dirt=0", "--seed=3"]
    )
    return next(folder.glob("*.csv"))


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scraper that fills carts too, on one day: 600 events in an hour and 40 minutes."""
    lines = [",".join(COLUMNS)]
    for number in range(600):
        second = 10 * number
        moment = f"2026-01-06 {9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} UTC"
        kind = "cart" if number % 3 == 2 else "view"
        product = f"{7_000_000 + number // 3},{number},electronics.audio,aqua,9.99"
        lines.append(f"{moment},{kind},{product},{BOT},b")
    path = tmp_path_factory.mktemp("bot") / "bot.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def figures(batch: Batch, audience: str) -> dict[str, list[str]]:
    """Every row of every mart for an audience, without its name."""
    return {
        mart.name: sorted(
            str({name: value for name, value in row.items() if name != "audience"})
            for row in records(batch, *mart.key)
            if row["audience"] == audience
        )
        for mart in WITH_AUDIENCE
    }


def restated(batch: Batch) -> list[dict[str, Any]]:
    """Every restatement, the oldest first."""
    found = records(batch, "marts", "restatements")
    return sorted(found, key=lambda row: (row["restated_at"], row["figure"], row["audience"]))


def impact(batch: Batch) -> dict[str, Any]:
    found = {str(row["event_date"]): row for row in records(batch, "marts", "daily_bot_impact")}
    return found[str(DAY)]


def say(batch: Batch, says: Any, when: int) -> Word:
    now = datetime(2026, 2, 1, when, tzinfo=UTC).replace(tzinfo=None)
    word = Word(BOT, says, "a test", said_at=now, said_by="somebody")
    word = say_verdict(batch.tables, batch.engine, word)
    assert stale_verdict_days(batch.tables) == [DAY]
    batch.rebuild()
    assert stale_verdict_days(batch.tables) == []
    return word


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


def archive(*files: Path) -> None:
    """The rows of event files as the stream's archive holds them, all in one hour."""
    rows = [row for file in files for row in csv.DictReader(file.read_text().splitlines())]
    numbers = {"product_id", "category_id", "user_id"}
    lines = [
        {
            # As `event_transformer` adds it: each event arrived as it happened.
            "arrived_at": row["event_time"].replace(" UTC", ".000Z").replace(" ", "T"),
            "event_id": str(number),
            **{name: int(v) if name in numbers else v for name, v in row.items()},
        }
        for number, row in enumerate(rows)
    ]
    boto3.client("s3").put_object(
        Bucket="ecom-data-local",
        Key="raw/stream_events/arrived_date=2026-01-08/arrived_hour=01/a",
        Body="".join(json.dumps(line) + "\n" for line in lines).encode(),
    )


def archive_detection(user: int, crossed_at: str, name: str) -> None:
    """As Flink writes what a rule found, and Firehose keeps it."""
    found = {
        "rule": "user_flood",
        "rule_version": 2,
        "entity_type": "user",
        "entity_id": str(user),
        "severity": "high",
        "crossed_at": crossed_at,
        "window_seconds": 10,
        "observed_value": 31.0,
        "threshold": 30.0,
        "evidence": {"view_count": 31.0},
        "detection_id": name,
    }
    boto3.client("s3").put_object(
        Bucket="ecom-data-local",
        Key=f"raw/stream_detections/arrived_date=2026-01-06/{name}",
        Body=json.dumps(found).encode() + b"\nno detection\n",
    )


def test_what_the_stream_alone_found_takes_a_bot_out(
    batch: Batch, take_in: TakeIn, people: Path
) -> None:
    users = [int(line.split(",")[7]) for line in people.read_text().splitlines()[1:]]
    found, canary = users[0], int(CANARY_ENTITY.removeprefix("user#"))
    archive_detection(found, "2026-01-05T23:59:59.999Z", "in")
    archive_detection(found, "2026-01-05T23:59:59.999Z", "again")
    archive_detection(users[-1], "2026-01-08T00:00:00.000Z", "another day")
    archive_detection(canary, "2026-01-05T10:00:00.000Z", "canary")

    take_in(people)

    verdicts = [
        (row["user_id"], str(row["event_date"]), row["crossing_count"])
        for row in records(batch, "lake", "bot_verdicts")
    ]
    assert verdicts == [(found, "2026-01-05", 1)]
    assert stale_verdict_days(batch.tables) == []
    day = next(
        row
        for row in records(batch, "marts", "daily_bot_impact")
        if str(row["event_date"]) == "2026-01-05"
    )
    assert day["bot_count"] == 1


def test_people_are_the_same_when_a_streamed_day_is_exported(
    batch: Batch, take_in: TakeIn, people: Path, bot: Path
) -> None:
    archive(people, bot)
    batch.take_in_stream()
    batch.rebuild()
    streamed = figures(batch, "people")
    assert figures(batch, "all") != streamed

    take_in(people)
    without = figures(batch, "all")
    assert {row["source"] for row in records(batch, "lake", "events")} == {"export"}
    assert figures(batch, "people") == without == streamed

    take_in(bot)
    assert figures(batch, "people") == without
    assert figures(batch, "all") != without
    causes = {cause for row in restated(batch) for cause in row["causes"].split(",")}
    assert causes == {"export_arrived", "late_events", "verdict"}
    word = say(batch, "person", 1)
    assert word.days == (DAY,)
    assert figures(batch, "people") == figures(batch, "all")


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
