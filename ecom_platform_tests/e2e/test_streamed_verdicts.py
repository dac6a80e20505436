"""Verdicts on a day that was streamed: what the stream alone found, and what an export changes."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest

from ecom_platform.batch import Batch
from ecom_platform.contracts.verdicts import BOT_VERDICTS, CANARY_ENTITY
from ecom_platform.pipeline.verdicts import stale_verdict_days
from ecom_platform_tests.e2e.figures import BOT, DAY, figures, restated, say
from ecom_platform_tests.support.tables import records

TakeIn = Callable[..., dict[str, str]]


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


def archive_detection(user: object, crossed_at: str, name: str, **changed: object) -> None:
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
        **changed,
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
    other, moment = users[-1], "2026-01-05T10:00:00.000Z"
    archive_detection(other, moment, "an older version of the rule", rule_version=1)
    archive_detection("nobody", moment, "no number")
    archive_detection(other, moment, "no threshold", threshold=None)
    archive_detection(other, "yesterday", "no time")

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


def agreement(batch: Batch) -> tuple[bool, object]:
    """What the check on the verdicts said last of the streamed day."""
    key = dg.AssetCheckKey(dg.AssetKey(BOT_VERDICTS.key), "stream_and_lake_agree")
    (record,) = batch.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert record.event
    found = record.event.asset_check_evaluation
    assert found
    told = found.metadata.get("2026-01-06")
    return found.passed, told.value if told else None


def test_check_tells_whom_stream_or_lake_alone_named(
    batch: Batch, take_in: TakeIn, people: Path, bot: Path
) -> None:
    archive(people, bot)
    for rule, version in {"cart_hoarding": 2, "machine_rhythm": 2}.items():
        archive_detection(BOT, "2026-01-06T10:00:00.000Z", rule, rule=rule, rule_version=version)
    archive_detection(7, "2026-01-06T10:00:00.000Z", "somebody")
    batch.take_in_stream()
    batch.rebuild()
    assert agreement(batch) == (False, "user_flood by user 7 only in the stream")


def test_threshold_is_tried_on_past_days_from_the_web_ui(
    batch: Batch, take_in: TakeIn, people: Path, bot: Path
) -> None:
    take_in(people, bot)
    backtested = [("streaming", "rule_backtest")]

    def ask(**config: object) -> dict[str, Any]:
        key = dg.AssetKey(backtested[0])
        job = batch.definitions.get_implicit_global_asset_job_def()
        settings = {"ops": {key.to_python_identifier(): {"config": config}}}
        ran = job.execute_in_process(
            settings, batch.instance, asset_selection=[key], raise_on_error=True
        )
        (told,) = ran.asset_materializations_for_node(key.to_python_identifier())
        return {name: value.value for name, value in told.metadata.items()}

    kept = ask(rule="cart_hoarding", changes={"threshold": "25"})
    assert (kept["kept"]["users"], kept["lost"]["users"]) == (1, 0)
    lost = ask(rule="cart_hoarding", changes={"threshold": "5000"}, start=str(DAY), end=str(DAY))
    assert lost["lost"] == {"episodes": 1, "users": 1, "revenue": "0.00"}
    changed = [row.data["entity_id"] for row in lost["changed_episodes"].records]
    assert changed == [str(BOT)]
    with pytest.raises(dg.Failure, match="no rule hoarding; there are"):
        ask(rule="hoarding", changes={"threshold": "1"})
