"""`python -m infra.quicksight.template`: write infra/quicksight.yaml from the semantic layer.

Athena data source, one SPICE data set a mart with row-level rules, analysis, dashboard with a sheet
a page (without the live ones), and a refresh after the daily batch. A test holds file and layer
equal.
"""

from pathlib import Path
from typing import Any

from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.measures import has_column
from ecom_platform.dashboard.policy import DEMO_FILE, Policy, read_policy
from infra.generated import NAMES, logical_name, template_text
from infra.quicksight.definition import TYPES, columns_of, definition, marts
from infra.quicksight.rules import ONLY_TEXT, rules_columns, rules_sql
from infra.quicksight.visuals import Json

FILE = Path(__file__).parents[1] / "quicksight.yaml"
VIEWER_ACTIONS = ("DescribeDashboard", "ListDashboardVersions", "QueryDashboard")
"""What the principal may do, with the dashboard alone: whoever reaches a source or a set may ask it
past the rules.
"""
PARAMETERS = {
    **NAMES,
    "QuickSightPrincipalArn": {
        "Type": "String",
        "Description": "User or group of QuickSight that may look at it, as an ARN.",
    },
    "WorkGroup": {"Type": "String", "Default": "primary", "Description": "Of Athena."},
    "RefreshTime": {"Type": "String", "Default": "05:30", "Description": "After the daily batch."},
    "RefreshTimeZone": {"Type": "String", "Default": "UTC"},
}


def template(policy: Policy) -> Json:
    """The whole template."""
    resources: Json = {"Source": _source()}
    for mart in marts():
        resources |= _data_sets(mart, policy)
    # Once, for both: a template that CloudFormation takes by value has 51,200 bytes.
    resources["Pages"] = _resource("Template", "pages", {"Definition": definition()})
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
    """A resource of QuickSight with its name; people see the dashboard, and nothing behind it."""
    actions = [f"quicksight:{action}" for action in VIEWER_ACTIONS]
    viewers = [{"Principal": {"Ref": "QuickSightPrincipalArn"}, "Actions": actions}]
    return {
        "Type": f"AWS::QuickSight::{kind}",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            f"{kind}Id": {"Fn::Sub": f"${{Prefix}}{name.lower().replace('_', '-')}"},
            "Name": {"Fn::Sub": f"${{Prefix}}{name}"},
            **({"Permissions": viewers} if kind == "Dashboard" else {}),
            **properties,
        },
    }


def _source() -> Json:
    athena = {"AthenaParameters": {"WorkGroup": {"Ref": "WorkGroup"}}}
    return _resource("DataSource", "athena", {"Type": "ATHENA", "DataSourceParameters": athena})


def _rows_of(mart: Table) -> Json:
    """The columns that charts read, and none that names a visitor."""
    columns = [{"Name": c.name, "Type": TYPES[c.type]} for c in columns_of(mart)]
    if has_column(mart, rules_columns(mart)[1]):
        schema = {"Fn::Sub": f"${{DatabasePrefix}}{mart.layer}"}
        table = {"Schema": schema, "Name": mart.name, "InputColumns": columns}
        return {"RelationalTable": {**_at_source(), **table}}
    names = ", ".join(column.name for column in columns_of(mart))
    place = f"${{DatabasePrefix}}{mart.layer}.{mart.name}"
    return {
        "CustomSql": {
            **_at_source(),
            "Name": mart.name,
            "SqlQuery": {"Fn::Sub": f"select {names}, 'all' as {ONLY_TEXT} from {place}"},
            "Columns": [*columns, {"Name": ONLY_TEXT, "Type": "STRING"}],
        }
    }


def _data_sets(mart: Table, policy: Policy) -> Json:
    """A mart in SPICE, the rules of its rows, and when both are read anew."""
    name = logical_name(mart.name)
    table = _rows_of(mart)
    user, restricted = rules_columns(mart)
    sql = rules_sql(mart, policy, "${DatabasePrefix}marts")
    rules = {
        "CustomSql": {
            **_at_source(),
            "Name": f"{mart.name}-rules",
            "SqlQuery": {"Fn::Sub": sql} if "${" in sql else sql,
            "Columns": [{"Name": user, "Type": "STRING"}, {"Name": restricted, "Type": "STRING"}],
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


def _from_pages() -> Json:
    """The pages over the data sets of this installation."""
    references = [
        {
            "DataSetPlaceholder": mart.name,
            "DataSetArn": {"Fn::GetAtt": [logical_name(mart.name), "Arn"]},
        }
        for mart in marts()
    ]
    arn = {"Fn::GetAtt": ["Pages", "Arn"]}
    return {"SourceTemplate": {"Arn": arn, "DataSetReferences": references}}


def text(policy: Policy) -> str:
    """The template as it lies in its file."""
    return template_text(template(policy))


if __name__ == "__main__":
    FILE.write_text(text(read_policy(DEMO_FILE)), "utf-8")
