"""Every alarm of the templates, with the names of the installation `ecom-`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecom_platform_tests.support.places import ROOT
from ecom_platform_tests.support.templates import filled, load_template

OPERATIONS_ARN = "arn:aws:sns:us-east-1:000000000000:ecom-operations"
PAGE = re.compile(r"Runbook docs/runbook/([a-z-]+)\.md$")
ALARM = "AWS::CloudWatch::Alarm"
RUNBOOK = ROOT / "docs/runbook"
TEMPLATES = sorted(
    path.stem for path in (ROOT / "infra").glob("*.yaml") if ALARM in path.read_text()
)


@dataclass(frozen=True)
class Alarm:
    """An alarm as its template has it, with the names of the installation `ecom-`."""

    name: str
    is_deployed_here: bool
    properties: Mapping[str, Any]

    @property
    def page(self) -> str | None:
        found = PAGE.search(self.properties["AlarmDescription"])
        return found.group(1) if found else None


def looked_up(value: Any, mappings: Mapping[str, Any]) -> Any:
    """The value with `Fn::FindInMap` and `Fn::Join` worked out."""
    if isinstance(value, list):
        return [looked_up(one, mappings) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::FindInMap" in value:
        name, first, second = looked_up(value["Fn::FindInMap"], mappings)
        return mappings[name][first][second]
    if "Fn::Join" in value:
        between, parts = looked_up(value["Fn::Join"], mappings)
        return between.join(parts)
    return {key: looked_up(one, mappings) for key, one in value.items()}


def _resources(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every resource, each turn of a `Fn::ForEach` as one."""
    mappings = template.get("Mappings", {})
    words: dict[str, object] = {"OperationsTopic": OPERATIONS_ARN, "AWS::AccountId": "0" * 12}
    for name, parameter in template.get("Parameters", {}).items():
        words.setdefault(name, parameter.get("Default", name))
    words["Prefix"] = "ecom-"
    for name, body in template["Resources"].items():
        variable, turns, found = (
            body if name.startswith("Fn::ForEach::") else ("", [""], {"": body})
        )
        for turn in turns:
            for one in found.values():
                yield looked_up(filled(one, {**words, variable: turn}), mappings)


def alarms() -> list[Alarm]:
    return [
        Alarm(
            one["Properties"]["AlarmName"],
            is_deployed_here=one.get("Condition") != "IsAws",
            properties=one["Properties"],
        )
        for name in TEMPLATES
        for one in _resources(load_template(name))
        if one["Type"] == ALARM
    ]


ALARMS = {one.name: one for one in alarms()}
HERE = sorted(name for name, one in ALARMS.items() if one.is_deployed_here)
