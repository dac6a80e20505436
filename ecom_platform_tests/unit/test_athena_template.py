"""The work group and the named queries, as Athena's own models want them."""

from typing import Any

import botocore.session
import pytest
import sqlglot
from botocore.validate import validate_parameters

from ecom_platform.settings import Settings
from ecom_platform_tests.support.templates import filled
from infra.athena import FILE, template, text

RESOURCES = template()["Resources"]
QUERIES = [name for name in RESOURCES if name.endswith("Query")]
GROUP = RESOURCES["WorkGroup"]["Properties"]
MORE = {"WorkGroup": "ecom-marts", "AthenaScanLimitBytes": 100_000_000_000}


def check_request(operation: str, request: Any) -> None:
    service = botocore.session.get_session().get_service_model("athena")
    shape: Any = service.operation_model(operation).input_shape
    validate_parameters(request, shape)


def test_the_file_is_what_the_program_gives() -> None:
    assert FILE.read_text("utf-8") == text(), "run: python -m infra.athena"


def test_the_work_group_is_the_one_that_marts_are_computed_in() -> None:
    group = filled(GROUP, MORE)
    assert group["Name"] == Settings.from_environment({}).athena_work_group
    configuration = group["WorkGroupConfiguration"]
    check_request("CreateWorkGroup", {"Name": group["Name"], "Configuration": configuration})
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == 100_000_000_000


@pytest.mark.parametrize("name", QUERIES)
def test_a_named_query_is_one_that_athena_reads(name: str) -> None:
    found = filled(RESOURCES[name]["Properties"], MORE)
    check_request("CreateNamedQuery", {key: found[key] for key in found})
    tree = sqlglot.parse_one(found["QueryString"], read="athena")
    tables = {table.db for table in tree.find_all(sqlglot.exp.Table) if table.db}
    assert tables == {"ecom_marts"}
    assert "$" not in found["QueryString"]


def test_each_of_the_four_answers_has_its_query() -> None:
    assert {"VisitorsQuery", "CartsQuery", "HoursQuery", "WeekdaysQuery", "BrandsQuery"} <= set(
        QUERIES
    )


def test_the_batch_role_may_do_what_a_query_needs_and_nothing_else() -> None:
    statements = RESOURCES["BatchPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    allowed: dict[str, set[str]] = {}
    for one in statements:
        actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        places = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
        for action in actions:
            allowed.setdefault(action, set()).update(str(filled(place)) for place in places)
    assert set(allowed) == {
        "athena:StartQueryExecution",
        "athena:GetQueryExecution",
        "athena:StopQueryExecution",
        "glue:GetDatabase",
        "glue:BatchGetPartition",
        "lakeformation:GetDataAccess",
        "s3:GetBucketLocation",
        "s3:PutObject",
        "s3:AbortMultipartUpload",
    }
    assert [name for name, places in allowed.items() if "*" in places] == [
        "lakeformation:GetDataAccess"
    ]
    assert all("workgroup/ecom-marts" in one for one in allowed["athena:StartQueryExecution"])
    assert all(one.endswith("shop/athena_results/*") for one in allowed["s3:PutObject"])
    tables = {one.rpartition(":")[2] for one in allowed["glue:BatchGetPartition"]}
    assert {"database/default", "table/ecom_lake/*", "table/ecom_marts/*"} <= tables
