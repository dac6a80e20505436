"""Every page over a small shop, as Streamlit runs it; names from files are text everywhere."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ecom_platform.batch import Batch
from ecom_platform.dashboard.downloads import to_csv
from ecom_platform.dashboard.pages import CHARTS, PAGES
from ecom_platform.dashboard.queries import Selection
from ecom_platform.pipeline.verdicts import read_words
from ecom_platform.webapp.app import policy, reader
from ecom_platform_tests.dashboard.small_shop import BOT, EVIL
from ecom_platform_tests.support.alert_items import put_alert
from ecom_platform_tests.support.pictures import picture_count
from ecom_platform_tests.support.tables import records

RUN_SECONDS = 60


def opened(page: str, **chosen: Any) -> AppTest:
    """A page as it looks after its first run, with some of the bar's widgets set."""
    lines = [
        "from ecom_platform.dashboard.pages import PAGES",
        "from ecom_platform.webapp.app import show",
        f"show(PAGES[{page!r}])",
    ]
    app = AppTest.from_string("\n".join(lines), default_timeout=RUN_SECONDS)
    for name, value in chosen.items():
        app.session_state[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def words(app: AppTest) -> str:
    """All that a page says beside its charts."""
    kinds = (app.title, app.markdown, app.caption, app.info, app.error, app.warning, app.subheader)
    return "\n".join(str(one.value) for kind in kinds for one in kind)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_answers(batch: Batch, name: str) -> None:
    app = opened(name)
    page = PAGES[name]
    assert app.title[0].value == page.title
    assert len(app.get("vega_lite_chart")) == picture_count(page)
    assert "amounts in USD" in words(app)
    assert "days of UTC" in words(app)
    assert "Nothing of what was chosen" not in words(app)


@pytest.mark.parametrize("audience", ["all", "people", "difference"])
def test_a_figure_on_a_page_equals_the_mart(batch: Batch, audience: str) -> None:
    app = opened("visitors", audience=audience)
    shown = app.metric[0].value
    rows = {
        row["audience"]: row["visitor_count"]
        for row in records(batch, "marts", "daily_visitors")
        if str(row["event_date"]) == "2026-01-07"
    }
    wanted = rows["all"] - rows["people"] if audience == "difference" else rows[audience]
    assert shown == f"{wanted:,}"


def test_a_stranger_and_a_missing_policy_show_nothing(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ECOM_DASHBOARD_USER", "stranger")
    st.cache_resource.clear()
    for name in PAGES:
        app = opened(name)
        assert app.error[0].value.startswith("Nothing is shown")
        assert not app.get("vega_lite_chart")
        assert not app.dataframe
    monkeypatch.setenv("ECOM_DASHBOARD_USER", "owner")
    monkeypatch.setenv("ECOM_POLICY", str(tmp_path / "none.yaml"))
    st.cache_resource.clear()
    app = opened("visitors")
    assert app.error[0].value.startswith("There is no policy")
    monkeypatch.undo()
    st.cache_resource.clear()


def test_a_category_manager_sees_no_other_category_and_no_hidden_total(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOM_DASHBOARD_USER", "electronics")
    st.cache_resource.clear()
    app = opened("categories")
    found = app.dataframe[0].value["Category"].tolist()
    assert found
    assert all(name == "electronics" or name.startswith("electronics.") for name in found)
    (choices,) = [one for one in app.multiselect if one.label == "Categories"]
    assert all(name.startswith("electronics") for name in choices.options)
    assert "Your roles do not show these figures" in words(opened("brands"))
    assert "name single visitors" in words(opened("bots"))
    assert "name single visitors" in words(opened("alerts"))
    monkeypatch.undo()
    st.cache_resource.clear()


def test_names_from_files_are_text_on_pages(batch: Batch) -> None:
    app = opened("categories", audience="all")
    found = set(app.dataframe[0].value["Category"])
    assert found >= set(EVIL)
    said = words(app)
    assert not any(name in said for name in EVIL), "no name from a file is markup"


def test_downloads_are_guarded(batch: Batch) -> None:
    days = reader().days()
    chosen = Selection(min(days), max(days), "all")
    scope = policy().scope_of("owner")
    table = reader().chart(CHARTS["categories_in_figures"], chosen, scope)
    text = to_csv(table.column_names, (row.values() for row in table.to_pylist()))
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    assert f"'{EVIL[1]}" in cells


def put_alert_of_bot() -> None:
    put_alert(str(BOT), datetime.now(UTC), version=1, evidence={"view_count": 31})


def test_a_verdict_needs_a_reason_and_is_kept_with_who_said_it(batch: Batch) -> None:
    put_alert_of_bot()
    app = opened("alerts")
    assert set(app.dataframe[0].value["entity"]) == {f"user#{BOT}"}
    assert "31" in app.json[0].value

    app.radio[0].set_value("bot")
    labelled(app.button, "Give the verdict").click().run()
    assert app.error[0].value.startswith("Give a reason")
    assert read_words(batch.tables) == []

    labelled(app.text_input, "Reason").input("a test of ours")
    app.radio[0].set_value("bot")
    labelled(app.button, "Give the verdict").click().run()
    (word,) = read_words(batch.tables)
    assert (word.user_id, word.says, word.reason, word.said_by) == (
        BOT,
        "bot",
        "a test of ours",
        "owner",
    )
    assert [str(day) for day in word.days] == ["2026-01-06"]


def test_an_alert_is_acknowledged_and_its_user_muted_with_a_reason(batch: Batch) -> None:
    put_alert_of_bot()
    app = opened("alerts")
    app.number_input[0].set_value(4.0)
    labelled(app.button, "Acknowledge").click().run()
    assert app.error[0].value.startswith("Give a reason")

    app.number_input[0].set_value(4.0)
    labelled(app.text_input, "Reason for muting").input("a load test")
    labelled(app.button, "Acknowledge").click().run()
    items: list[Any] = boto3.resource("dynamodb").Table("ecom-alerts").scan()["Items"]
    mine = {one["alert"].split("#")[0]: one for one in items if one["entity"].endswith(str(BOT))}
    assert (mine["mute"]["reason"], mine["mute"]["muted_by"]) == ("a load test", "owner")
    assert any(one.get("acknowledged_by") == "owner" for one in items)


def labelled(found: Any, label: str) -> Any:
    (one,) = [widget for widget in found if widget.label == label]
    return one


def test_who_is_not_on_call_has_no_button(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("roles: {looks: {is_live: true}}\nusers: {owner: [looks]}\n")
    monkeypatch.setenv("ECOM_POLICY", str(path))
    st.cache_resource.clear()
    put_alert_of_bot()
    app = opened("alerts")
    assert app.dataframe
    assert not app.button
    monkeypatch.undo()
    st.cache_resource.clear()
