"""Charts of the semantic layer as visuals of QuickSight, in the form of CloudFormation."""

from collections.abc import Callable, Mapping
from typing import Any

from ecom_platform.dashboard.measures import Dimension, Measure
from ecom_platform.dashboard.pages import Chart

Json = dict[str, Any]
NUMBERS = {"hour", "weekday", "product", "horizon", "months_since", "other_product"}
DATES = {"day": "DAY", "cohort": "MONTH"}
"""Dimensions that are numbers, and dates; all others are texts."""


def visual(chart: Chart) -> Json:
    """The visual of a chart."""
    kind, configuration = BUILDERS[chart.kind](chart)
    return {
        kind: {
            "VisualId": chart.name,
            "Title": {"Visibility": "VISIBLE", "FormatText": {"PlainText": chart.title}},
            "Subtitle": {"Visibility": "VISIBLE", "FormatText": {"PlainText": chart.note or " "}},
            "ChartConfiguration": configuration,
        }
    }


def measure_field(measure: Measure, chart: Chart) -> Json:
    """A measure; a rate is divided after its parts are summed."""
    name = f"{chart.name}.{measure.name}"
    if measure.per:
        total = " + ".join(f"sum({{{column}}})" for column in measure.per)
        expression = f"sum({{{measure.column}}}) / ({total})"
        return {"CalculatedMeasureField": {"FieldId": name, "Expression": expression}}
    return {
        "NumericalMeasureField": {
            "FieldId": name,
            "Column": column_of(chart, measure.column),
            "AggregationFunction": {"SimpleNumericalAggregation": "SUM"},
        }
    }


def dimension_field(dimension: Dimension, chart: Chart) -> Json:
    name = f"{chart.name}.{dimension.name}"
    found = {"FieldId": name, "Column": column_of(chart, dimension.column or dimension.name)}
    if dimension.name in DATES:
        return {"DateDimensionField": {**found, "DateGranularity": DATES[dimension.name]}}
    kind = "Numerical" if dimension.name in NUMBERS else "Categorical"
    return {f"{kind}DimensionField": found}


def column_of(chart: Chart, name: str) -> Json:
    return {"DataSetIdentifier": chart.mart.name, "ColumnName": name}


def _values(chart: Chart) -> list[Json]:
    return [measure_field(measure, chart) for measure in chart.measures]


def _dimensions(chart: Chart) -> list[Json]:
    return [dimension_field(dimension, chart) for dimension in chart.by]


def _figures(chart: Chart) -> tuple[str, Json]:
    wells = {"Values": _values(chart)[:1], "TrendGroups": _dimensions(chart)}
    return "KPIVisual", {"FieldWells": wells}


def _lines(chart: Chart) -> tuple[str, Json]:
    wells = {"Category": _dimensions(chart), "Values": _values(chart)}
    return "LineChartVisual", {"FieldWells": {"LineChartAggregatedFieldWells": wells}}


def _bars(chart: Chart) -> tuple[str, Json]:
    wells = {"Category": _dimensions(chart), "Values": _values(chart)}
    found: Json = {
        "FieldWells": {"BarChartAggregatedFieldWells": wells},
        "Orientation": "HORIZONTAL" if chart.top or not chart.by else "VERTICAL",
    }
    if chart.top:
        found["SortConfiguration"] = {
            "CategorySort": [_largest_first(chart)],
            "CategoryItemsLimit": {"ItemsLimit": chart.top, "OtherCategories": "EXCLUDE"},
        }
    return "BarChartVisual", found


def _heat(chart: Chart) -> tuple[str, Json]:
    across, down = _dimensions(chart)
    wells = {"Columns": [across], "Rows": [down], "Values": _values(chart)}
    return "HeatMapVisual", {"FieldWells": {"HeatMapAggregatedFieldWells": wells}}


def _quadrant(chart: Chart) -> tuple[str, Json]:
    across, up = _values(chart)
    name, group = _dimensions(chart)
    wells = {"XAxis": [across], "YAxis": [up], "Category": [group], "Label": [name]}
    return "ScatterPlotVisual", {
        "FieldWells": {"ScatterPlotCategoricallyAggregatedFieldWells": wells}
    }


def _table(chart: Chart) -> tuple[str, Json]:
    wells = {"GroupBy": _dimensions(chart), "Values": _values(chart)}
    return "TableVisual", {
        "FieldWells": {"TableAggregatedFieldWells": wells},
        "SortConfiguration": {"RowSort": [_largest_first(chart)]},
    }


def _bands(chart: Chart) -> tuple[str, Json]:
    """Figures of different sizes: a table, the newest day first."""
    kind, found = _table(chart)
    newest = {"FieldId": f"{chart.name}.{chart.by[0].name}", "Direction": "DESC"}
    return kind, {**found, "SortConfiguration": {"RowSort": [{"FieldSort": newest}]}}


def _largest_first(chart: Chart) -> Json:
    field = f"{chart.name}.{chart.measures[0].name}"
    return {"FieldSort": {"FieldId": field, "Direction": "DESC"}}


BUILDERS: Mapping[str, Callable[[Chart], tuple[str, Json]]] = {
    "figures": _figures,
    "lines": _lines,
    "bars": _bars,
    "steps": _bars,
    "heat": _heat,
    "quadrant": _quadrant,
    "bands": _bands,
    "table": _table,
}
