"""`python -m infra.lake_formation`: write infra/lake-formation.yaml from the dashboard's policy.

A data cells filter for each role and mart that the role sees: the rows of the policy, and no column
that names a visitor unless the role may see such. A test holds file and policy equal.
"""

from pathlib import Path
from typing import Any

from ecom_platform.contracts import marts
from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.policy import DEMO_FILE, Policy, Role, Scope, read_policy
from infra.generated import NAMES, logical_name, template_text

Json = dict[str, Any]
FILE = Path(__file__).with_name("lake-formation.yaml")
VISITOR_COLUMNS = frozenset({"user_id", "user_session"})
PARAMETERS: Json = {
    **NAMES,
    "DataBucketName": {"Type": "String"},
}


def template(policy: Policy) -> Json:
    """The whole template: the bucket's place of marts, and each role's filters and grants."""
    parameters, conditions, resources = dict(PARAMETERS), {}, {"Marts": _place()}
    for name, role in sorted(policy.roles.items()):
        title = logical_name(name)
        parameters[f"{title}PrincipalArn"] = {
            "Type": "String",
            "Default": "",
            "Description": f"IAM role or user that has the policy's role {name}; empty for none.",
        }
        conditions[f"Has{title}"] = {
            "Fn::Not": [{"Fn::Equals": [{"Ref": f"{title}PrincipalArn"}, ""]}]
        }
        for mart in marts.TABLES:
            if Scope((role,)).sees(mart):
                resources |= _filter(name, role, mart)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Which rows and columns of marts each role of the policy may read in Athena."
        " Made by infra/lake_formation.py; do not edit.",
        "Parameters": parameters,
        "Conditions": conditions,
        "Resources": resources,
    }


def _place() -> Json:
    """Without it Lake Formation lets through whoever reads the objects."""
    arn = {"Fn::Sub": "arn:${AWS::Partition}:s3:::${DataBucketName}/marts"}
    properties = {"ResourceArn": arn, "UseServiceLinkedRole": True}
    return {"Type": "AWS::LakeFormation::Resource", "Properties": properties}


def _filter(name: str, role: Role, mart: Table) -> Json:
    """The filter of a role on a mart, and its grant to who has the role."""
    title = f"{logical_name(name)}{logical_name(mart.name)}"
    place = {
        "TableCatalogId": {"Ref": "AWS::AccountId"},
        "DatabaseName": {"Fn::Sub": f"${{DatabasePrefix}}{mart.layer}"},
        "TableName": mart.name,
        "Name": {"Fn::Sub": f"${{Prefix}}{name.replace('_', '-')}"},
    }
    condition = Scope((role,)).condition(mart)
    rows: Json = {"FilterExpression": condition}
    hidden = [] if role.is_live else [c.name for c in mart.columns if c.name in VISITOR_COLUMNS]
    granted = {
        "Principal": {
            "DataLakePrincipalIdentifier": {"Ref": f"{logical_name(name)}PrincipalArn"},
        },
        "Resource": {"DataCellsFilter": place},
        "Permissions": ["SELECT"],
        "PermissionsWithGrantOption": [],
    }
    only = {"Condition": f"Has{logical_name(name)}"}
    return {
        title: {
            "Type": "AWS::LakeFormation::DataCellsFilter",
            **only,
            "Properties": {
                **place,
                "RowFilter": {"AllRowsWildcard": {}} if condition == "true" else rows,
                "ColumnWildcard": {"ExcludedColumnNames": hidden},
            },
        },
        f"{title}Grant": {
            "Type": "AWS::LakeFormation::PrincipalPermissions",
            **only,
            "DependsOn": title,
            "Properties": granted,
        },
    }


def text(policy: Policy) -> str:
    """The template as it lies in its file."""
    return template_text(template(policy))


if __name__ == "__main__":
    FILE.write_text(text(read_policy(DEMO_FILE)), "utf-8")
