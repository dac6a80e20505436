"""The template of QuickSight: made from the semantic layer, and in the form that AWS takes."""

from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import validate_parameters
from moto import mock_aws

from ecom_platform.dashboard.pages import CHARTS, PAGES
from ecom_platform.dashboard.policy import DEMO_FILE, read_policy
from infra.quicksight.template import FILE, template, text

POLICY = read_policy(DEMO_FILE)
TEMPLATE = template(POLICY)
ACCOUNT = "123456789012"
ARN = f"arn:aws:quicksight:us-east-1:{ACCOUNT}:dataset/x"
CALLS = {
    "AWS::QuickSight::DataSource": "CreateDataSource",
    "AWS::QuickSight::DataSet": "CreateDataSet",
    "AWS::QuickSight::RefreshSchedule": "CreateRefreshSchedule",
    "AWS::QuickSight::Template": "CreateTemplate",
    "AWS::QuickSight::Analysis": "CreateAnalysis",
    "AWS::QuickSight::Dashboard": "CreateDashboard",
}


def resolved(value: Any) -> Any:
    """The value with what CloudFormation would put in."""
    if isinstance(value, list):
        return [resolved(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return ACCOUNT if value["Ref"] == "AWS::AccountId" else "UTC"
    if set(value) == {"Fn::Sub"}:
        return value["Fn::Sub"].replace("${Prefix}", "ecom-").replace("${DatabasePrefix}", "ecom_")
    if set(value) & {"Fn::GetAtt", "Fn::Select"}:
        return ARN
    # CloudFormation writes it otherwise than the API.
    return {"Timezone" if key == "TimeZone" else key: resolved(one) for key, one in value.items()}


def of_kind(kind: str) -> dict[str, Any]:
    return {
        name: resolved(found["Properties"])
        for name, found in TEMPLATE["Resources"].items()
        if found["Type"] == f"AWS::QuickSight::{kind}"
    }


def test_the_file_is_what_the_layer_gives() -> None:
    assert FILE.read_text("utf-8") == text(POLICY), "run: python -m infra.quicksight.template"


@pytest.mark.parametrize("name", TEMPLATE["Resources"])
def test_each_resource_is_a_request_that_aws_takes(name: str) -> None:
    found = TEMPLATE["Resources"][name]
    service = botocore.session.get_session().get_service_model("quicksight")
    shape: Any = service.operation_model(CALLS[found["Type"]]).input_shape
    validate_parameters(resolved(found["Properties"]), shape)


def test_each_page_but_the_live_ones_is_a_sheet_with_its_charts() -> None:
    sheets = of_kind("Template")["Pages"]["Definition"]["Sheets"]
    shown = {
        sheet["SheetId"]: [next(iter(visual.values()))["VisualId"] for visual in sheet["Visuals"]]
        for sheet in sheets
    }
    wanted = {p.name: [chart.name for chart in p.charts] for p in PAGES.values() if not p.is_live}
    assert shown == wanted
    assert "alerts" not in shown


def fields(value: Any) -> list[tuple[str, str]]:
    """Every column that something names, with its data set."""
    if isinstance(value, list):
        return [field for one in value for field in fields(one)]
    if not isinstance(value, dict):
        return []
    if set(value) == {"DataSetIdentifier", "ColumnName"}:
        return [(value["DataSetIdentifier"], value["ColumnName"])]
    return [field for one in value.values() for field in fields(one)]


def test_each_field_is_a_column_of_a_contract_or_calculated() -> None:
    definition = of_kind("Template")["Pages"]["Definition"]
    columns = {
        (chart.mart.name, column.name)
        for chart in CHARTS.values()
        for column in chart.mart.all_columns
    }
    calculated = {(f["DataSetIdentifier"], f["Name"]) for f in definition["CalculatedFields"]}
    assert set(fields(definition)) <= columns | calculated
    assert fields(definition)


def test_no_data_set_of_a_mart_is_without_rules() -> None:
    sets = of_kind("DataSet")
    marts = [name for name in sets if not name.endswith("Rules")]
    assert len(marts) == len({chart.mart.name for chart in CHARTS.values()})
    for name in marts:
        rule = sets[name]["RowLevelPermissionDataSet"]
        assert (rule["PermissionPolicy"], rule["Status"]) == ("GRANT_ACCESS", "ENABLED")


@mock_aws
def test_source_sets_and_dashboard_make_the_way_there_and_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    client = boto3.client("quicksight", region_name="us-east-1")
    (source,) = of_kind("DataSource").values()
    client.create_data_source(**source)
    told = client.describe_data_source(AwsAccountId=ACCOUNT, DataSourceId=source["DataSourceId"])
    assert told["DataSource"]["Type"] == "ATHENA"
    for one in of_kind("DataSet").values():
        client.create_data_set(**one)
        client.create_ingestion(
            AwsAccountId=ACCOUNT, DataSetId=one["DataSetId"], IngestionId=f"{one['DataSetId']}-1"
        )
    (dashboard,) = of_kind("Dashboard").values()
    client.create_dashboard(**dashboard)
    found = client.list_dashboards(AwsAccountId=ACCOUNT)["DashboardSummaryList"]
    assert [one["DashboardId"] for one in found] == ["ecom-dashboard"]
