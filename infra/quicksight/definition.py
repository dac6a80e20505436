"""The pages as a definition of QuickSight: a sheet a page, filters, and whose events count."""

from ecom_platform.contracts.table import Column, Table
from ecom_platform.dashboard.measures import WEEKDAY, has_audience
from ecom_platform.dashboard.pages import CHARTS, PAGES, Page
from infra.quicksight.visuals import Json, visual

TYPES = {
    "bigint": "INTEGER", "int": "INTEGER", "double": "DECIMAL", "decimal(14,2)": "DECIMAL",
    "decimal(20,2)": "DECIMAL", "boolean": "BIT", "string": "STRING", "date": "DATETIME",
    "timestamp": "DATETIME",
}  # fmt: skip
SHOWN_DAYS = 28
WEEKDAY_EXPRESSION = (
    "mod(dateDiff(parseDate('2018-01-01', 'yyyy-MM-dd'), {event_date}, 'DD'), 7) + 1"
)
LAST_DAY_EXPRESSION = "ifelse({event_date} = maxOver({event_date}, [], PRE_FILTER), 1, 0)"


def marts() -> list[Table]:
    """The marts that charts read, each once."""
    return list({chart.mart.name: chart.mart for chart in CHARTS.values()}.values())


def columns_of(mart: Table) -> list[Column]:
    """The columns of a mart that charts, filters and rules read."""
    charts = [chart for chart in CHARTS.values() if chart.mart == mart]
    read = {name for chart in charts for one in chart.measures for name in one.columns}
    read |= {one.column for chart in charts for one in chart.by if one.column}
    read |= {"event_date", "audience", "category_code", "brand"}
    return [column for column in mart.all_columns if column.name in read]


def definition() -> Json:
    """Every page but the live ones, whose figures come from marts alone."""
    pages = [page for page in PAGES.values() if not page.is_live]
    return {
        "DataSetConfigurations": [
            {
                "Placeholder": mart.name,
                "DataSetSchema": {
                    "ColumnSchemaList": [
                        {"Name": column.name, "DataType": TYPES[column.type]}
                        for column in columns_of(mart)
                    ]
                },
            }
            for mart in marts()
        ],
        "ParameterDeclarations": [
            {
                "StringParameterDeclaration": {
                    "Name": "audience",
                    "ParameterValueType": "SINGLE_VALUED",
                    "DefaultValues": {"StaticValues": ["people"]},
                }
            }
        ],
        "CalculatedFields": _calculated(),
        "FilterGroups": [*map(_audience_filter, _with_audience()), *map(_days_filter, marts())],
        "Sheets": [_sheet(page) for page in pages],
    }


def _calculated() -> list[Json]:
    """Dimensions that no mart has as a column, and the last day of marts that look back."""
    weekdays = [c.mart.name for c in CHARTS.values() if WEEKDAY in c.by]
    last_days = {chart.mart.name for chart in CHARTS.values() if chart.is_last_day}
    fields = [(name, "weekday", WEEKDAY_EXPRESSION) for name in weekdays]
    fields += [(name, "is_last_day", LAST_DAY_EXPRESSION) for name in sorted(last_days)]
    return [
        {"DataSetIdentifier": name, "Name": field, "Expression": expression}
        for name, field, expression in fields
    ]


def _with_audience() -> list[Table]:
    return [mart for mart in marts() if has_audience(mart)]


def _group(name: str, filters: list[Json]) -> Json:
    return {
        "FilterGroupId": name,
        "CrossDataset": "SINGLE_DATASET",
        "Status": "ENABLED",
        "ScopeConfiguration": {"AllSheets": {}},
        "Filters": filters,
    }


def _audience_filter(mart: Table) -> Json:
    """Whose events: the parameter's, on every sheet."""
    chosen = {
        "MatchOperator": "EQUALS",
        "ParameterName": "audience",
        "NullOption": "NON_NULLS_ONLY",
    }
    return _group(
        f"audience-{mart.name}",
        [
            {
                "CategoryFilter": {
                    "FilterId": f"audience-{mart.name}",
                    "Column": {"DataSetIdentifier": mart.name, "ColumnName": "audience"},
                    "Configuration": {"CustomFilterConfiguration": chosen},
                }
            }
        ],
    )


def _days_filter(mart: Table) -> Json:
    """The last four weeks; of a mart that looks back itself, its last day."""
    name = f"days-{mart.name}"
    if any(chart.is_last_day for chart in CHARTS.values() if chart.mart == mart):
        found: Json = {
            "NumericEqualityFilter": {
                "FilterId": name,
                "Column": {"DataSetIdentifier": mart.name, "ColumnName": "is_last_day"},
                "Value": 1,
                "MatchOperator": "EQUALS",
                "NullOption": "NON_NULLS_ONLY",
            }
        }
    else:
        found = {
            "RelativeDatesFilter": {
                "FilterId": name,
                "Column": {"DataSetIdentifier": mart.name, "ColumnName": "event_date"},
                "AnchorDateConfiguration": {"AnchorOption": "NOW"},
                "TimeGranularity": "DAY",
                "RelativeDateType": "LAST",
                "RelativeDateValue": SHOWN_DAYS,
                "NullOption": "NON_NULLS_ONLY",
            }
        }
    return _group(name, [found])


def _sheet(page: Page) -> Json:
    values = {"SelectableValues": {"Values": ["people", "all"]}}
    control = {
        "ParameterControlId": f"audience-{page.name}",
        "Title": "Whose events",
        "SourceParameterName": "audience",
        "Type": "SINGLE_SELECT",
        **values,
    }
    return {
        "SheetId": page.name,
        "Name": page.title,
        "Description": page.question,
        "ParameterControls": [{"Dropdown": control}],
        "Visuals": [visual(chart) for chart in page.charts],
    }
