"""Aurora and Redshift as templates: the names are those that the platform asks for."""

from typing import Any

from ecom_platform.dashboard.database import Roles
from ecom_platform.settings import DATABASE_FORM, Settings
from ecom_platform_tests.support.places import ROOT
from ecom_platform_tests.support.templates import filled, load_template
from infra.deploy import SWITCHED


def test_loader_and_dashboard_log_in_by_roles_of_their_own() -> None:
    resources = load_template("aurora")["Resources"]
    roles = Roles(Settings.from_environment({}).prefix)
    for policy, role, user in (
        ("BatchPolicy", "ecom-batch", roles.loader),
        ("ReaderPolicy", "ecom-reader", roles.dashboard),
    ):
        properties = resources[policy]["Properties"]
        (statement,) = properties["PolicyDocument"]["Statement"]
        assert filled(properties["RoleName"]) == role
        assert str(filled(statement["Resource"])).rpartition("/")[2].rstrip("']") == user


def test_the_stack_s_output_is_what_the_setting_takes() -> None:
    url = load_template("aurora")["Outputs"]["MartDatabase"]["Value"]["Fn::Sub"]
    assert DATABASE_FORM.fullmatch(url.replace("${Cluster.Endpoint.Address}", "x.example"))


def test_passwords_lie_in_no_template_and_connections_use_tls() -> None:
    cluster = load_template("aurora")["Resources"]
    assert cluster["Cluster"]["Properties"]["ManageMasterUserPassword"] is True
    assert cluster["ClusterParameters"]["Properties"]["Parameters"]["rds.force_ssl"] == "1"
    assert cluster["Writer"]["Properties"]["PubliclyAccessible"] is False
    redshift = load_template("redshift")["Resources"]
    assert redshift["Namespace"]["Properties"]["ManageAdminPassword"] is True
    parameters = redshift["Workgroup"]["Properties"]["ConfigParameters"]
    assert {"ParameterKey": "require_ssl", "ParameterValue": "true"} in parameters


def test_redshift_may_read_the_tables_that_the_page_names() -> None:
    role = load_template("redshift")["Resources"]["SpectrumRole"]["Properties"]
    statements: list[Any] = role["Policies"][0]["PolicyDocument"]["Statement"]
    allowed = {filled(one) for one in statements[0]["Resource"]}
    page = (ROOT / "docs/engines.md").read_text()
    prefix = Settings.from_environment({}).database_prefix
    for layer in ("lake", "marts"):
        assert f"from data catalog database '{prefix}{layer}' iam_role default" in page
        assert any(place.endswith(f":database/{prefix}{layer}") for place in allowed)
    assert not any("Create" in action for one in statements for action in one["Action"])


def test_neither_is_deployed_unasked() -> None:
    assert {"aurora", "redshift"} <= set(SWITCHED)
