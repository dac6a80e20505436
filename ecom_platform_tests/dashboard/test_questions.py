"""What the server of questions answers is what the marts say, under the policy."""

import asyncio
import json
from datetime import date
from typing import Any

import pytest
from mcp import Client, MCPError

from ecom_platform.batch import Batch
from ecom_platform.dashboard.policy import DEMO_FILE, read_policy
from ecom_platform.webapp.ask import QuestionError, Questions, server_of
from ecom_platform.webapp.reading import Reader
from ecom_platform_tests.support.tables import records

FIRST, LAST = "2026-01-04", "2026-01-07"


def asked(batch: Batch, user: str, tool: str, **arguments: Any) -> Any:
    """What the server answers, over the protocol."""
    scope = read_policy(DEMO_FILE).scope_of(user)
    server = server_of(Questions(Reader(batch.resources), scope))

    async def ask() -> Any:
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    answer = asyncio.run(ask())
    if answer.is_error:
        raise AssertionError(answer.content[0].text)
    found = answer.structured_content
    return found.get("result", found) if found else json.loads(answer.content[0].text)


@pytest.mark.parametrize("audience", ["all", "people"])
def test_an_answer_equals_the_mart(batch: Batch, audience: str) -> None:
    found = asked(
        batch,
        "owner",
        "query_measure",
        measure="visitors",
        first_day=FIRST,
        last_day=LAST,
        by=["day"],
        audience=audience,
    )
    wanted = {
        str(row["event_date"]): row["visitor_count"]
        for row in records(batch, "marts", "daily_visitors")
        if row["audience"] == audience
    }
    assert {row["day"]: row["visitors"] for row in found["rows"]} == wanted
    assert "one person on two days" in found["note"]


def test_a_figure_is_explained_by_definition_state_and_what_bots_added(batch: Batch) -> None:
    found = asked(batch, "owner", "explain_figure", measure="events", day="2026-01-06")
    values = {name: rows[0]["events"] for name, rows in found["values"].items()}
    assert values["all"] - values["people"] == values["difference"] > 0
    assert found["definition"]["table"] == "marts/daily_visitors"
    assert found["definition"]["columns"] == {"event_count": "Events of all types."}
    assert found["state"] == [{"is_partial": False}]
    assert found["restatements"] == []


def test_a_manager_asks_only_what_the_policy_shows(batch: Batch) -> None:
    names = {one["name"] for one in asked(batch, "electronics", "list_measures")}
    assert {"visitors", "category_revenue"} <= names
    assert not names & {"abandonment", "brand_views", "bots"}
    found = asked(
        batch,
        "electronics",
        "query_measure",
        measure="category_views",
        first_day=FIRST,
        last_day=LAST,
        by=["category"],
        audience="all",
    )
    assert found["rows"]
    assert all(row["category"].split(".")[0] == "electronics" for row in found["rows"])
    with pytest.raises((AssertionError, MCPError), match="there is no measure 'abandonment'"):
        asked(batch, "electronics", "explain_figure", measure="abandonment", day=FIRST)


def test_a_stranger_is_told_of_no_measure(batch: Batch) -> None:
    assert asked(batch, "stranger", "list_measures") == []


def test_what_no_sum_over_days_can_say_is_asked_by_day(batch: Batch) -> None:
    scope = read_policy(DEMO_FILE).scope_of("owner")
    questions = Questions(Reader(batch.resources), scope)
    first, last = date.fromisoformat(FIRST), date.fromisoformat(LAST)
    for measure in ("visitors", "brand_views"):
        with pytest.raises(QuestionError, match="ask by day"):
            questions.query_measure(measure, first, last)
        assert questions.query_measure(measure, last, last)["rows"]
    assert questions.query_measure("sessions", first, last)["row_count"] == 1


def test_a_dimension_that_a_measure_has_not_is_told_with_those_it_has(batch: Batch) -> None:
    scope = read_policy(DEMO_FILE).scope_of("owner")
    questions = Questions(Reader(batch.resources), scope)
    day = date.fromisoformat(FIRST)
    with pytest.raises(QuestionError, match="visitors has no 'brand'; it has: day, weekday"):
        questions.query_measure("visitors", day, day, by=["brand"])
