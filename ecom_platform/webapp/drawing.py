"""A chart's rows as a picture or a table. Names come from strangers: all of it is drawn as text."""

from collections.abc import Callable, Mapping

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from ecom_platform.dashboard.measures import WEEKDAY, Measure
from ecom_platform.dashboard.pages import Chart

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HEIGHT = 300
Picture = alt.Chart | alt.LayerChart | alt.FacetChart
FORMATS = {"count": ",.0f", "money": ",.2f", "rate": ".1%", "number": ",.2f"}


def draw(chart: Chart, found: pa.Table, currency: str) -> None:
    """Draw a chart, with words for who does not see it."""
    DRAWERS[chart.kind](chart, found, currency)


def title_of(measure: Measure, currency: str) -> str:
    """What a measure is called, with its unit."""
    return f"{measure.title} ({currency})" if measure.unit == "money" else measure.title


def words_of(chart: Chart, found: pa.Table) -> str:
    """The chart in one sentence, for who cannot see it."""
    titles = " and ".join(measure.title for measure in chart.measures)
    by = " and ".join(one.title.lower() for one in chart.by) or "step"
    return f"{chart.title}: {titles} by {by}, {found.num_rows} values"


def _figures(chart: Chart, found: pa.Table, currency: str) -> None:
    """The last day, and how much it differs from the day before."""
    rows = found.to_pylist()
    for measure, column in zip(chart.measures, st.columns(len(chart.measures)), strict=True):
        values = [row[measure.name] or 0 for row in rows]
        delta = values[-1] - values[-2] if len(values) > 1 else None
        column.metric(
            title_of(measure, currency),
            format(values[-1], FORMATS[measure.unit]),
            None if delta is None else f"{format(delta, FORMATS[measure.unit])} on the day before",
            help=measure.note,
        )


def _lines(chart: Chart, found: pa.Table, currency: str) -> None:
    (dimension,) = chart.by
    first = chart.measures[0]
    titles = {measure.name: title_of(measure, currency) for measure in chart.measures}
    long = pa.concat_tables(
        pa.table(
            {
                dimension.name: found[dimension.name],
                "figure": [titles[measure.name]] * found.num_rows,
                "value": found[measure.name].cast(pa.float64()),
            }
        )
        for measure in chart.measures
    )
    picture = (
        alt.Chart(long)
        .mark_line(point=True)
        .encode(
            x=alt.X(f"{dimension.name}:T", title=None),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=FORMATS[first.unit])),
            color=alt.Color("figure:N", title=None, legend=alt.Legend(orient="bottom")),
            tooltip=[f"{dimension.name}:T", "figure:N", alt.Tooltip("value:Q", format=",.3~f")],
        )
        .properties(height=HEIGHT)
    )
    _show(chart, found, picture)


def _bars(chart: Chart, found: pa.Table, currency: str) -> None:
    (dimension,), measure = chart.by, chart.measures[0]
    figure = alt.Axis(format=FORMATS[measure.unit])
    amount = f"{measure.name}:Q"
    title = title_of(measure, currency)
    if chart.top:
        encoded = {
            "y": alt.Y(f"{dimension.name}:N", sort="-x", title=None),
            "x": alt.X(amount, title=title, axis=figure),
        }
    else:
        kind = "T" if dimension.name == "day" else "O"
        encoded = {
            "x": alt.X(f"{dimension.name}:{kind}", title=dimension.title),
            "y": alt.Y(amount, title=title, axis=figure),
        }
    tooltip = [dimension.name, alt.Tooltip(amount, format=FORMATS[measure.unit], title=title)]
    picture = alt.Chart(found).mark_bar().encode(**encoded, tooltip=tooltip)
    _show(chart, found, picture.properties(height=HEIGHT))


def _steps(chart: Chart, found: pa.Table, currency: str) -> None:
    """Each step as a bar, with its share of the first."""
    values = [found[measure.name][0].as_py() or 0 for measure in chart.measures]
    titles = [title_of(measure, currency) for measure in chart.measures]
    shares = [f"{value / values[0]:.1%}" if values[0] else "" for value in values]
    rows = pa.table({"step": titles, "sessions": values, "share": shares})
    base = alt.Chart(rows).encode(
        y=alt.Y("step:N", sort=titles, title=None),
        x=alt.X("sessions:Q", title="Sessions", axis=alt.Axis(format=",.0f")),
    )
    labels = base.mark_text(align="left", dx=4).encode(text="share:N")
    _show(chart, rows, (base.mark_bar() + labels).properties(height=HEIGHT // 2))


def _heat(chart: Chart, found: pa.Table, currency: str) -> None:
    measure, (across, down) = chart.measures[0], chart.by
    values = found[down.name].to_pylist()
    names = [WEEKDAYS[value - 1] for value in values] if down == WEEKDAY else map(str, values)
    place = found.schema.get_field_index(down.name)
    rows = found.set_column(place, down.name, pa.array(names, pa.string()))
    title, figure = title_of(measure, currency), f"{measure.name}:Q"
    order = list(WEEKDAYS) if down == WEEKDAY else "ascending"
    picture = (
        alt.Chart(rows)
        .mark_rect()
        .encode(
            x=alt.X(f"{across.name}:O", title=across.title),
            y=alt.Y(f"{down.name}:N", sort=order, title=None),
            color=alt.Color(figure, title=title, scale=alt.Scale(scheme="viridis")),
            tooltip=[
                down.name,
                across.name,
                alt.Tooltip(figure, format=FORMATS[measure.unit], title=title),
            ],
        )
        .properties(height=HEIGHT)
    )
    _show(chart, found, picture)


def _quadrant(chart: Chart, found: pa.Table, currency: str) -> None:
    """How often a brand is seen against how well it sells, coloured by its need."""
    brand, need = (one.name for one in chart.by)
    seen, lift = chart.measures
    judged = found.filter(pc.is_valid(found[need]))
    picture = (
        alt.Chart(judged)
        .mark_circle(size=90, opacity=0.8)
        .encode(
            x=alt.X(f"{seen.name}:Q", scale=alt.Scale(type="symlog"), title=seen.title),
            y=alt.Y(f"{lift.name}:Q", title=title_of(lift, currency)),
            color=alt.Color(f"{need}:N", title="Need", legend=alt.Legend(orient="bottom")),
            tooltip=[brand, need, f"{seen.name}:Q", alt.Tooltip(f"{lift.name}:Q", format=".2f")],
        )
        .properties(height=HEIGHT + 60)
    )
    _show(chart, found, picture)


def _bands(chart: Chart, found: pa.Table, _currency: str) -> None:
    """A picture a figure: what it is, and in a band what was to be expected; odd days are red."""
    figure = chart.by[1].name
    for name in sorted(set(found[figure].to_pylist())):
        # A facet would not be as wide as the page.
        st.caption(name)
        rows = found.filter(pc.equal(found[figure], name))
        _show(chart, rows, _band(chart, rows), name)


def _band(chart: Chart, rows: pa.Table) -> Picture:
    day = alt.X(f"{chart.by[0].name}:T", title=None)
    value, expected, lower, upper = (one.name for one in chart.measures)
    is_odd = (
        f"datum.{lower} != null && (datum.{value} < datum.{lower} || datum.{value} > datum.{upper})"
    )
    base = alt.Chart(rows).encode(x=day)
    up = alt.Y(f"{value}:Q", title=None, axis=alt.Axis(format="~s"))
    color = alt.condition(is_odd, alt.value("firebrick"), alt.value("steelblue"))
    figures = [alt.Tooltip(f"{one.name}:Q", format=",.4~f") for one in chart.measures]
    return alt.layer(
        base.mark_area(opacity=0.25).encode(y=f"{lower}:Q", y2=f"{upper}:Q"),
        base.mark_line(strokeDash=[4, 2]).encode(y=f"{expected}:Q"),
        base.mark_line().encode(y=up),
        base.mark_point(filled=True, size=60).encode(
            y=up, color=color, tooltip=[alt.Tooltip(f"{chart.by[0].name}:T"), *figures]
        ),
    ).properties(height=HEIGHT // 2)


def _table(chart: Chart, found: pa.Table, currency: str) -> None:
    names = {one.name: one.title for one in chart.by}
    names |= {measure.name: title_of(measure, currency) for measure in chart.measures}
    named = found.rename_columns([names[name] for name in found.column_names])
    st.dataframe(named, hide_index=True, alt=words_of(chart, found))


def _show(chart: Chart, found: pa.Table, picture: Picture, part: str = "") -> None:
    words = f"{part}: {words_of(chart, found)}" if part else words_of(chart, found)
    st.altair_chart(picture, alt=words, key=f"{chart.name}{part}")


DRAWERS: Mapping[str, Callable[[Chart, pa.Table, str], None]] = {
    "figures": _figures,
    "lines": _lines,
    "bars": _bars,
    "steps": _steps,
    "heat": _heat,
    "quadrant": _quadrant,
    "bands": _bands,
    "table": _table,
}
