"""What measures, charts and their queries promise, on DuckDB over made-up marts."""

from dataclasses import replace
from itertools import product
from typing import Any

import duckdb
import pytest
import sqlglot

from ecom_platform.dashboard.measures import DIMENSIONS, MEASURES, has_audience, has_column
from ecom_platform.dashboard.pages import CHARTS, PAGES, Chart
from ecom_platform.dashboard.queries import AUDIENCES, Selection, chart_sql
from ecom_platform_tests.dashboard.made_up import DAYS, fill
from infra.quicksight.visuals import BUILDERS

SELECTION = Selection(*DAYS)
EVIL = "x'; drop table marts.daily_visitors; --"


def answer(chart: Chart, selection: Selection) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        fill(connection, chart.mart)
        return connection.execute(chart_sql(chart, selection)).fetchall()


def test_each_measure_is_of_its_mart_and_has_one_name() -> None:
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert all(has_column(measure.mart, column) for column in measure.columns), name


def test_each_chart_asks_one_mart_for_what_it_has() -> None:
    for name, chart in CHARTS.items():
        assert chart.name == name
        assert {measure.mart.name for measure in chart.measures} == {chart.mart.name}
        assert all(has_column(chart.mart, one.column or "event_date") for one in chart.by)
        assert {one.name for one in chart.by} <= {one.name for one in DIMENSIONS}
    assert sum(len(page.charts) for page in PAGES.values()) == len(CHARTS)


def test_each_measure_is_shown_somewhere_or_is_a_part_of_one() -> None:
    shown = {measure.name for chart in CHARTS.values() for measure in chart.measures}
    assert set(MEASURES) - shown == {"events", "purchases", "buyers"}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda chart: chart.name)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_query_answers_and_is_understood_by_athena(chart: Chart, audience: str) -> None:
    selection = replace(SELECTION, audience=audience)  # type: ignore[arg-type]
    assert answer(chart, selection)
    sqlglot.transpile(chart_sql(chart, selection), read="athena")
    names = [*(one.name for one in chart.by), *(one.name for one in chart.measures)]
    with duckdb.connect() as connection:
        fill(connection, chart.mart)
        found = connection.execute(chart_sql(chart, selection)).description or []
    assert [column[0] for column in found] == names


def test_a_figure_equals_the_mart() -> None:
    chart = CHARTS["visitors_by_day"]
    for audience, column in product(("all", "people"), ("visitor_count", "session_count")):
        with duckdb.connect() as connection:
            fill(connection, chart.mart)
            wanted = connection.execute(
                f"select event_date, {column} from marts.daily_visitors"
                f" where audience = '{audience}' order by 1"
            ).fetchall()
        found = answer(chart, replace(SELECTION, audience=audience))  # type: ignore[arg-type]
        place = 1 if column == "visitor_count" else 2
        assert [(row[0], row[place]) for row in found] == wanted


def test_a_rate_is_divided_after_its_parts_are_summed() -> None:
    by_day = CHARTS["conversion_by_day"]
    whole = replace(by_day, by=())
    with duckdb.connect() as connection:
        fill(connection, by_day.mart)
        (wanted,) = connection.execute(
            "select sum(purchased_session_count) / sum(viewed_session_count)"
            " from marts.daily_funnel where audience = 'people'"
        ).fetchone() or (None,)
    ((found,),) = answer(whole, SELECTION)
    rates = [row[1] for row in answer(by_day, SELECTION)]
    assert found == pytest.approx(wanted)
    assert found != pytest.approx(sum(rates) / len(rates)), "the example would prove nothing"


def test_the_difference_is_everybody_less_people() -> None:
    chart = CHARTS["revenue_by_day"]
    chosen = [replace(SELECTION, audience=one) for one in ("all", "people", "difference")]
    everybody, people, difference = (answer(chart, one) for one in chosen)
    wanted = [(day, a - p) for (day, a), (_, p) in zip(everybody, people, strict=True)]
    assert difference == wanted
    assert any(value for _, value in wanted)


def test_days_outside_of_the_range_do_not_count() -> None:
    first, last = DAYS
    found = answer(CHARTS["visitors_by_day"], Selection(first, first))
    assert [row[0] for row in found] == [first]
    found = answer(CHARTS["brand_evidence"], Selection(first, last))
    with duckdb.connect() as connection:
        fill(connection, CHARTS["brand_evidence"].mart)
        (views,) = connection.execute(
            "select sum(view_count) from marts.brand_marketing_needs"
            f" where audience = 'people' and event_date = '{last}' and brand = 'brand a'"
        ).fetchone() or (0,)
    assert next(row for row in found if row[0] == "brand a")[2] == views


def test_monday_is_the_first_day_of_the_week() -> None:
    first, last = DAYS
    found = {row[1] for row in answer(CHARTS["views_by_hour_and_weekday"], Selection(first, last))}
    assert first.isoweekday() == 1
    assert found == {1, 2, 3}


def test_a_filter_narrows_where_the_mart_has_the_column_and_says_where_not() -> None:
    chosen = replace(SELECTION, categories=("electronics.audio",))
    found = answer(CHARTS["top_categories"], chosen)
    assert [row[0] for row in found] == ["electronics.audio"]
    assert chosen.unused_by(CHARTS["visitors_by_day"].mart) == ("category",)
    assert chosen.unused_by(CHARTS["top_categories"].mart) == ()


@pytest.mark.parametrize("name", [EVIL, "<script>", "=cmd|' /C calc'!A0", "[link=x]"])
def test_a_name_from_a_file_is_text_in_a_query(name: str) -> None:
    chosen = replace(SELECTION, categories=(name,))
    assert answer(CHARTS["top_categories"], chosen) == []


def test_every_kind_of_chart_is_drawn_here_and_in_quicksight() -> None:
    kinds = {chart.kind for chart in CHARTS.values()}
    assert kinds <= set(BUILDERS)
    from ecom_platform.webapp.drawing import DRAWERS  # noqa: PLC0415 - loads Streamlit

    assert kinds <= set(DRAWERS)


def test_marts_with_an_audience_are_known() -> None:
    assert not has_audience(CHARTS["bot_figures"].mart)
    assert has_audience(CHARTS["visitors_by_day"].mart)
