"""The policy as filters of Lake Formation: the same rows, and no column that names a visitor."""

from typing import Any

import botocore.session
import duckdb
import pytest
from botocore.validate import validate_parameters

from ecom_platform.contracts import TABLES, marts
from ecom_platform.dashboard.policy import DEMO_FILE, Scope, read_policy
from ecom_platform_tests.dashboard.made_up import fill
from infra.lake_formation import FILE, VISITOR_COLUMNS, template, text

POLICY = read_policy(DEMO_FILE)
RESOURCES = template(POLICY)["Resources"]
FILTERS = {
    name: found["Properties"]
    for name, found in RESOURCES.items()
    if found["Type"] == "AWS::LakeFormation::DataCellsFilter"
}


def resolved(value: Any) -> Any:
    """The value with what CloudFormation would put in."""
    if isinstance(value, dict):
        if value and set(value) <= {"Ref", "Fn::Sub"}:
            return "123456789012"
        return {key: resolved(one) for key, one in value.items()}
    return value


def role_of(properties: dict[str, Any]) -> str:
    name: str = properties["Name"]["Fn::Sub"]
    return name.removeprefix("${Prefix}").replace("-", "_")


def test_the_file_is_what_the_policy_gives() -> None:
    assert FILE.read_text("utf-8") == text(POLICY), "run: python -m infra.lake_formation"


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_and_its_grant_are_requests_that_aws_takes(name: str) -> None:
    service = botocore.session.get_session().get_service_model("lakeformation")
    filtered: Any = service.operation_model("CreateDataCellsFilter").input_shape
    validate_parameters({"TableData": resolved(FILTERS[name])}, filtered)
    granted: Any = service.operation_model("GrantPermissions").input_shape
    grant = RESOURCES[f"{name}Grant"]
    assert grant["Condition"] == RESOURCES[name]["Condition"]
    place = grant["Properties"]["Resource"]["DataCellsFilter"]
    assert place == {key: FILTERS[name][key] for key in place}
    validate_parameters(
        {
            "Principal": resolved(grant["Properties"]["Principal"]),
            "Resource": resolved({"DataCellsFilter": {**place, "Name": "x"}}),
            "Permissions": grant["Properties"]["Permissions"],
        },
        granted,
    )


def test_each_role_has_a_filter_for_what_it_sees_and_for_nothing_else() -> None:
    wanted = {
        (name, mart.name)
        for name, role in POLICY.roles.items()
        for mart in marts.TABLES
        if Scope((role,)).sees(mart)
    }
    assert {(role_of(one), one["TableName"]) for one in FILTERS.values()} == wanted
    assert ("electronics", "daily_bot_impact") not in wanted


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_shows_the_rows_of_the_dashboard(name: str) -> None:
    properties = FILTERS[name]
    mart = TABLES["marts", properties["TableName"]]
    expression = properties["RowFilter"].get("FilterExpression", "true")
    condition = Scope((POLICY.roles[role_of(properties)],)).condition(mart)
    with duckdb.connect() as shop:
        fill(shop, mart)
        rows = f"select * from marts.{mart.name} where"
        found = shop.execute(f"{rows} {expression} order by all").fetchall()
        assert found == shop.execute(f"{rows} {condition} order by all").fetchall()
        assert found


def test_only_who_sees_single_visitors_sees_the_columns_that_name_them() -> None:
    hidden = {
        role_of(one): set(one["ColumnWildcard"]["ExcludedColumnNames"])
        for one in FILTERS.values()
        if one["TableName"] == "abandoned_carts"
    }
    assert hidden == {"owner": set(), "analyst": VISITOR_COLUMNS, "electronics": VISITOR_COLUMNS}
