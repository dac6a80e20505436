"""The workflows: the gate, least rights, actions by their digest, a deployment approved."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ecom_platform_tests.support.places import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")
TARGET = re.compile(r"make (?:--no-print-directory )?([a-z][a-z-]+)")


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_rights_are_least(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    steps = [step for job in jobs(path).values() for step in job.get("steps", [])]
    for step in steps:
        if "uses" in step:
            assert PINNED.fullmatch(step["uses"]), step["uses"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_targets_are_there(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    steps = [step for job in jobs(path).values() for step in job.get("steps", [])]
    for step in steps:
        for target in TARGET.findall(step.get("run", "")):
            assert f"\n{target}:" in makefile, target


def test_the_gate_is_what_this_repository_runs_before_it_takes_a_change() -> None:
    runs = [step.get("run") for step in jobs(ROOT / ".github/workflows/gate.yml")["gate"]["steps"]]
    wanted = [line for line in (ROOT / ".ci/run").read_text().splitlines() if "make " in line]
    assert [run for run in runs if run] == [line for line in wanted if not line.startswith("#")]


def test_a_deployment_waits_for_somebody() -> None:
    deploy = jobs(ROOT / ".github/workflows/deploy.yml")
    assert deploy["deploy"]["environment"] == "production"
    assert deploy["deploy"]["needs"] == "plan"
    assert deploy["plan"]["needs"] == "gate"
