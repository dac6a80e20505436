"""`python -m infra.quicksight.template`: write infra/quicksight.yaml from the semantic layer.

Athena data source, one SPICE data set a mart with row-level rules, analysis, dashboard with a sheet
a page (without the live ones), and a refresh after the daily batch. A test holds file and layer
equal.
"""

from pathlib import Path
from typing import Any

import yaml

from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.measures import WEEKDAY, has_audience
from ecom_platform.dashboard.pages import CHARTS, PAGES, Page
from ecom_platform.dashboard.policy import DEMO_FILE, Policy, read_policy
from infra.quicksight.rules import rules_columns, rules_sql
from infra.quicksight.visuals import Json, visual

FILE = Path(__file__).parents[1] / "quicksight.yaml"
TYPES = {
    "bigint": "INTEGER", "int": "INTEGER", "double": "DECIMAL", "decimal(14,2)": "DECIMAL",
    "decimal(20,2)": "DECIMAL", "boolean": "BIT", "string": "STRING", "date": "DATETIME",
    "timestamp": "DATETIME",
}  # fmt: skip
SHOWN_DAYS = 28
OWNER_ACTIONS = {
    "DataSource": ("DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource"),
    "DataSet": ("DescribeDataSet", "PassDataSet", "DescribeIngestion", "ListIngestions"),
    "Template": ("DescribeTemplate",),
    "Analysis": ("DescribeAnalysis", "QueryAnalysis"),
    "Dashboard": ("DescribeDashboard", "ListDashboardVersions", "QueryDashboard"),
}
PARAMETERS = {
    "Prefix": {
        "Type": "String",
        "Default": "ecom-",
        "AllowedPattern": "[a-z][a-z0-9-]{0,14}-",
        "Description": "Put before every name of the installation.",
    },
    "DatabasePrefix": {"Type": "String", "Default": "ecom_"},
    "QuickSightPrincipalArn": {
        "Type": "String",
        "Description": "User or group of QuickSight that may look at it, as an ARN.",
    },
    "WorkGroup": {"Type": "String", "Default": "primary", "Description": "Of Athena."},
    "RefreshTime": {"Type": "String", "Default": "05:30", "Description": "After the daily batch."},
    "RefreshTimeZone": {"Type": "String", "Default": "UTC"},
}
WEEKDAY_EXPRESSION = (
    "mod(dateDiff(parseDate('2018-01-01', 'yyyy-MM-dd'), {event_date}, 'DD'), 7) + 1"
)
LAST_DAY_EXPRESSION = "ifelse({event_date} = maxOver({event_date}, [], PRE_FILTER), 1, 0)"


def marts() -> list[Table]:
    """The marts that charts read, each once."""
    return list({chart.mart.name: chart.mart for chart in CHARTS.values()}.values())


def template(policy: Policy) -> Json:
    """The whole template."""
    resources: Json = {"Source": _source()}
    for mart in marts():
        resources |= _data_sets(mart, policy)
    # Once, for both: a template that CloudFormation takes by value has 51,200 bytes.
    resources["Pages"] = _resource("Template", "pages", {"Definition": _definition()})
    for kind in ("Analysis", "Dashboard"):
        resources[kind] = _resource(kind, kind.lower(), {"SourceEntity": _from_pages()})
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The dashboard in QuickSight. Made by infra/quicksight; do not edit.",
        "Parameters": PARAMETERS,
        "Resources": resources,
        "Outputs": {"DashboardArn": {"Value": {"Fn::GetAtt": ["Dashboard", "Arn"]}}},
    }


def _resource(kind: str, name: str, properties: Json) -> Json:
    """A resource of QuickSight with its name, and who may use it."""
    actions = [f"quicksight:{action}" for action in OWNER_ACTIONS[kind]]
    return {
        "Type": f"AWS::QuickSight::{kind}",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            f"{kind}Id": {"Fn::Sub": f"${{Prefix}}{name.lower().replace('_', '-')}"},
            "Name": {"Fn::Sub": f"${{Prefix}}{name}"},
            "Permissions": [{"Principal": {"Ref": "QuickSightPrincipalArn"}, "Actions": actions}],
            **properties,
        },
    }


def _source() -> Json:
    athena = {"AthenaParameters": {"WorkGroup": {"Ref": "WorkGroup"}}}
    return _resource("DataSource", "athena", {"Type": "ATHENA", "DataSourceParameters": athena})


def _data_sets(mart: Table, policy: Policy) -> Json:
    """A mart in SPICE, the rules of its rows, and when both are read anew."""
    name = _logical(mart.name)
    columns = [{"Name": c.name, "Type": TYPES[c.type]} for c in mart.all_columns]
    schema = {"Fn::Sub": f"${{DatabasePrefix}}{mart.layer}"}
    table = {
        "RelationalTable": {
            **_at_source(),
            "Schema": schema,
            "Name": mart.name,
            "InputColumns": columns,
        }
    }
    user, restricted = rules_columns(mart)
    kind = "DATETIME" if restricted == "event_date" else "STRING"
    sql = rules_sql(mart, policy, "${DatabasePrefix}marts")
    rules = {
        "CustomSql": {
            **_at_source(),
            "Name": f"{mart.name}-rules",
            "SqlQuery": {"Fn::Sub": sql} if "${" in sql else sql,
            "Columns": [{"Name": user, "Type": "STRING"}, {"Name": restricted, "Type": kind}],
        }
    }
    secured = {
        "RowLevelPermissionDataSet": {
            "Arn": {"Fn::GetAtt": [f"{name}Rules", "Arn"]},
            "PermissionPolicy": "GRANT_ACCESS",
            "FormatVersion": "VERSION_1",
            "Status": "ENABLED",
        }
    }
    return {
        f"{name}Rules": _data_set(f"{mart.name}-rules", rules),
        name: _data_set(mart.name, table, **secured),
        f"{name}RulesRefresh": _refresh(f"{name}Rules"),
        f"{name}Refresh": _refresh(name),
    }


def _data_set(name: str, table: Json, **more: Any) -> Json:  # noqa: ANN401 - parts of a template
    return _resource(
        "DataSet", name, {"ImportMode": "SPICE", "PhysicalTableMap": {"rows": table}, **more}
    )


def _at_source() -> Json:
    return {"DataSourceArn": {"Fn::GetAtt": ["Source", "Arn"]}}


def _refresh(data_set: str) -> Json:
    frequency = {"Interval": "DAILY", "TimeOfTheDay": {"Ref": "RefreshTime"}}
    return {
        "Type": "AWS::QuickSight::RefreshSchedule",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DataSetId": {
                "Fn::Select": [1, {"Fn::Split": ["/", {"Fn::GetAtt": [data_set, "Arn"]}]}]
            },
            "Schedule": {
                "ScheduleId": "daily",
                "RefreshType": "FULL_REFRESH",
                "ScheduleFrequency": {**frequency, "TimeZone": {"Ref": "RefreshTimeZone"}},
            },
        },
    }


def _definition() -> Json:
    """Every page but the live ones, whose figures come from marts alone."""
    pages = [page for page in PAGES.values() if not page.is_live]
    return {
        "DataSetConfigurations": [
            {
                "Placeholder": mart.name,
                "DataSetSchema": {
                    "ColumnSchemaList": [
                        {"Name": column.name, "DataType": TYPES[column.type]}
                        for column in mart.all_columns
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


def _from_pages() -> Json:
    """The pages over the data sets of this installation."""
    references = [
        {
            "DataSetPlaceholder": mart.name,
            "DataSetArn": {"Fn::GetAtt": [_logical(mart.name), "Arn"]},
        }
        for mart in marts()
    ]
    arn = {"Fn::GetAtt": ["Pages", "Arn"]}
    return {"SourceTemplate": {"Arn": arn, "DataSetReferences": references}}


def _logical(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


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


class _WithoutAliases(yaml.SafeDumper):
    """CloudFormation knows no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - of the base class
        return True


def text(policy: Policy) -> str:
    """The template as it lies in its file."""
    return yaml.dump(template(policy), Dumper=_WithoutAliases, sort_keys=False, width=100)


if __name__ == "__main__":
    FILE.write_text(text(read_policy(DEMO_FILE)), "utf-8")
