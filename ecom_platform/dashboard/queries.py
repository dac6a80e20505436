"""What a chart asks: one SELECT that DuckDB and Athena understand alike.

A selection narrows what is read. Whatever a person typed becomes a quoted literal.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.measures import Dimension, Measure, has_audience, has_column
from ecom_platform.dashboard.pages import Chart
from ecom_platform.tables.literals import literal

Audience = Literal["all", "people", "difference"]
AUDIENCES: tuple[Audience, ...] = ("people", "all", "difference")


@dataclass(frozen=True)
class Selection:
    """What is looked at: days, whose events, and some categories or brands; none means all."""

    first: date
    last: date
    audience: Audience = "people"
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()

    def unused_by(self, mart: Table) -> tuple[str, ...]:
        """The filters that a mart has no column for: its figures are those of everything."""
        asked = {"category": (self.categories, "category_code"), "brand": (self.brands, "brand")}
        return tuple(
            name
            for name, (values, column) in asked.items()
            if values and not has_column(mart, column)
        )


def chart_sql(chart: Chart, selection: Selection) -> str:
    """The query of a chart; its columns are dimensions and measures by their names."""
    if selection.audience == "difference" and has_audience(chart.mart):
        return _difference(chart, selection)
    return f"{_grouped(chart, selection, selection.audience)}{_order(chart)}"


def _grouped(chart: Chart, selection: Selection, audience: str) -> str:
    mart = chart.mart
    dimensions = [f"{one.sql} as {one.name}" for one in chart.by]
    figures = [f"{aggregate(one)} as {one.name}" for one in chart.measures]
    groups = ", ".join(str(place) for place in range(1, len(dimensions) + 1))
    return (
        f"select {', '.join([*dimensions, *figures])} from {mart.layer}.{mart.name}"
        f" where {' and '.join(_conditions(chart, selection, audience))}"
        + (f" group by {groups}" if groups else "")
    )


def aggregate(measure: Measure) -> str:
    """A measure over what is grouped; of rates, sums are divided, never rates averaged."""
    if not measure.per:
        return f"sum({measure.column})"
    total = " + ".join(f"sum({column})" for column in measure.per)
    return f"cast(sum({measure.column}) as double) / nullif({total}, 0)"


def _conditions(chart: Chart, selection: Selection, audience: str) -> list[str]:
    mart = chart.mart
    days = within_days(selection.first, selection.last)
    if chart.is_last_day:
        days = f"event_date = (select max(event_date) from {mart.layer}.{mart.name} where {days})"
    found = [days]
    if has_audience(mart):
        found.append(f"audience = {literal(audience)}")
    for values, column in ((selection.categories, "category_code"), (selection.brands, "brand")):
        if values and has_column(mart, column):
            found.append(f"{column} in ({', '.join(map(literal, values))})")
    return found


def within_days(first: date, last: date) -> str:
    """The condition that every query carries: a database has more days than were asked for."""
    return f"event_date between date '{first}' and date '{last}'"


def _difference(chart: Chart, selection: Selection) -> str:
    """What bots add: the figure of everybody less that of people."""
    names = [one.name for one in chart.by]
    figures = [f"e.{one.name} - coalesce(p.{one.name}, 0) as {one.name}" for one in chart.measures]
    on = " and ".join(_is_same(chart.mart, one) for one in chart.by) or "true"
    columns = ", ".join([*(f"e.{name} as {name}" for name in names), *figures])
    return (
        f"select {columns} from ({_grouped(chart, selection, 'all')}) as e"
        f" left join ({_grouped(chart, selection, 'people')}) as p on {on}"
        f"{_order(chart)}"
    )


def _is_same(mart: Table, dimension: Dimension) -> str:
    """Whether two rows agree; only `=` lets every engine join by hashing."""
    nullable = {column.name for column in mart.all_columns if column.nullable}
    how = "is not distinct from" if dimension.column in nullable else "="
    return f"e.{dimension.name} {how} p.{dimension.name}"


def _order(chart: Chart) -> str:
    """By the dimensions, or the largest of the first measure; ties by the dimensions."""
    places = [str(place) for place in range(1, len(chart.by) + 1)]
    if not chart.top:
        return f" order by {', '.join(places)}" if places else ""
    return (
        f" order by {', '.join([f'{len(places) + 1} desc nulls last', *places])} limit {chart.top}"
    )
