"""What the marts say of everybody and of people, and what they said before."""

from datetime import UTC, date, datetime
from typing import Any

from ecom_platform.batch import Batch
from ecom_platform.contracts import marts
from ecom_platform.contracts.mart_columns import AUDIENCE
from ecom_platform.detection.verdicts import Word
from ecom_platform.pipeline.verdicts import say_verdict, stale_verdict_days
from ecom_platform_tests.support.tables import records

BOT, DAY = 999_999_001, date(2026, 1, 6)
WITH_AUDIENCE = [mart for mart in marts.TABLES if AUDIENCE in mart.columns]


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
