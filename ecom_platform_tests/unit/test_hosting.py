"""The image of Dagster and the dashboard: what its steps do, and what its containers are given."""

import re
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import process_config
from dagster._config.field import resolve_to_config_type
from dagster_aws.ecs import EcsRunLauncher
from dagster_aws.s3.compute_log_manager import S3ComputeLogManager

from ecom_platform.settings import Settings
from ecom_platform_tests.support.places import ROOT
from infra.hosting.dashboard import secrets_text
from infra.hosting.start import ROLES, profiles
from infra.policies import filled
from infra.templates import load_template

HOSTING = ROOT / "infra/hosting"
LOCAL = yaml.safe_load((ROOT / "infra/local/dagster.yaml").read_text())
HOSTED = yaml.safe_load((HOSTING / "dagster.yaml").read_text())
OWN = {"storage", "run_launcher", "compute_logs"}


def test_settings_are_those_of_one_machine_but_for_what_only_aws_has() -> None:
    assert HOSTED.keys() - LOCAL.keys() == OWN
    same = LOCAL.keys() - {"run_monitoring"}
    assert {name: HOSTED[name] for name in same} == {name: LOCAL[name] for name in same}


def test_what_only_aws_has_is_what_dagster_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAGSTER_RUN_TASK", "ECOM_DATA_BUCKET", "AWS_REGION"):
        monkeypatch.setenv(name, "x")
    parts: dict[str, Any] = {
        "run_launcher": EcsRunLauncher,
        "compute_logs": S3ComputeLogManager,
    }
    for part, kind in parts.items():
        wanted = resolve_to_config_type(kind.config_type())
        found = process_config(wanted, HOSTED[part]["config"])
        assert found.success, found.errors


def test_every_role_of_the_platform_has_a_profile() -> None:
    found = ConfigParser()
    found.read_string(profiles("shop-", "123456789012", "eu-central-1"))
    arn = found["profile shop-batch"]["role_arn"]
    assert arn == "arn:aws:iam::123456789012:role/shop-batch"
    assert len(found.sections()) == len(ROLES)


def containers() -> dict[str, dict[str, str]]:
    """Container → its variables, as the template gives them."""
    template = load_template("hosting")
    tasks = [r for r in template["Resources"].values() if r["Type"] == "AWS::ECS::TaskDefinition"]
    return {
        one["Name"]: {
            v["Name"]: filled(v["Value"], {"Prefix": "shop-"}) for v in one["Environment"]
        }
        for task in tasks
        for one in task["Properties"]["ContainerDefinitions"]
    }


@pytest.mark.parametrize("name", ["code", "daemon", "webserver", "run", "dashboard"])
def test_containers_have_settings_that_the_platform_takes(name: str) -> None:
    variables = containers()[name]
    settings = Settings.from_environment({**variables, "ECOM_STORE_TIME_ZONE": "UTC"})
    assert settings.environment == "aws"
    assert settings.prefix == "shop-"
    used = {settings.aws_profile, settings.reader_profile, settings.observer_profile}
    assert used - {None} <= {f"shop-{role}" for role in ROLES}
    assert (settings.as_reader.aws_profile == "shop-reader") == (name == "dashboard")


def test_the_dashboard_signs_in_by_oidc() -> None:
    variables = {
        "DASHBOARD_HOST": "d.example.com",
        "OIDC_COOKIE_SECRET": 'a"b',
        "OIDC_CLIENT_ID": "id",
        "OIDC_CLIENT_SECRET": "c",
        "OIDC_ISSUER": "https://idp",
    }
    auth = tomllib.loads(secrets_text(variables))["auth"]
    assert auth["redirect_uri"] == "https://d.example.com/oauth2callback"
    assert auth["cookie_secret"] == variables["OIDC_COOKIE_SECRET"]


def test_the_image_is_lint_free_and_not_root() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    told = subprocess.run(
        [hadolint, "--no-color", str(HOSTING / "Dockerfile")], capture_output=True, check=False
    )
    assert told.stdout.decode() == ""
    text = (HOSTING / "Dockerfile").read_text()
    assert "USER 10001" in text
    assert "--require-hashes -r requirements/run.txt" in text
    for source in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / one).exists() for one in source.split())


@pytest.mark.slow
def test_the_steps_of_the_image_make_a_platform_that_loads(tmp_path: Path) -> None:
    """There is no engine to build images here, so its steps are done in a plain folder."""
    text = (HOSTING / "Dockerfile").read_text()
    for sources, target in re.findall(r"^COPY (.+) (\S+)$", text, re.MULTILINE):
        for source in sources.split():
            place = tmp_path / (source if target == "./" else target)
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copyfile
            copy(ROOT / source, place)
    subprocess.run([sys.executable, "-m", "venv", "venv"], cwd=tmp_path, check=True)
    python = str(tmp_path / "venv/bin/python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--require-hashes", "-r", "requirements/run.txt"], cwd=tmp_path, check=True
    )
    home = tmp_path / "home"
    home.mkdir()
    variables = {
        "PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin",
        "DAGSTER_HOME": str(home),
        "AWS_CONFIG_FILE": str(home / "aws_config"),
        "AWS_REGION": "us-east-1",
        "ECOM_PREFIX": "ecom-",
        "ECOM_ACCOUNT": "123456789012",
    }
    check = "import ecom_platform.definitions as d; print(len(d.platform().sensors))"
    answer = subprocess.run(
        [python, "infra/hosting/start.py", "python", "-c", check],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        check=True,
    )
    assert int(answer.stdout.split()[-1]) > 5
    assert (home / "dagster.yaml").read_text() == (HOSTING / "dagster.yaml").read_text()
