"""The policies of all roles, read out of the templates: what each role may do, and where.

Parameters have their defaults, and what a template makes has the name that it gives it. What does
not belong here: whether anybody needs it (`ecom_platform_tests.access`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from infra.templates import load_template

HERE = Path(__file__).parent
REGION, ACCOUNT = "us-east-1", "000000000000"
PLACE = f"{REGION}:{ACCOUNT}"
WORDS = {
    "Prefix": "ecom-",
    "DatabasePrefix": "ecom_",
    "DataBucketName": "ecom-data-local",
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
}
NAMED = {
    "AWS::DynamoDB::Table": ("TableName", f"arn:aws:dynamodb:{PLACE}:table/{{}}"),
    "AWS::Kinesis::Stream": ("Name", f"arn:aws:kinesis:{PLACE}:stream/{{}}"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{PLACE}:log-group:{{}}:*"),
    "AWS::Lambda::Function": ("FunctionName", f"arn:aws:lambda:{PLACE}:function:{{}}"),
    "AWS::IAM::Role": ("RoleName", f"arn:aws:iam::{ACCOUNT}:role/{{}}"),
    "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{PLACE}:{{}}"),
    "AWS::ECS::Cluster": ("ClusterName", f"arn:aws:ecs:{PLACE}:cluster/{{}}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", f"arn:aws:iam::{ACCOUNT}:policy/{{}}"),
    "AWS::SecretsManager::Secret": ("Name", f"arn:aws:secretsmanager:{PLACE}:secret:{{}}-000000"),
}
"""Type → the property with its name, and its ARN."""
REF_IS_ARN = {"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy", "AWS::SecretsManager::Secret"}


class Grant(NamedTuple):
    """One thing that a role may do."""

    role: str
    action: str
    resource: str


class Policy(NamedTuple):
    """A policy of a role, filled in."""

    template: str
    role: str
    name: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A template whose names can be asked for."""

    template: Mapping[str, Any]

    def names(self) -> dict[str, str]:
        """What `Ref` and `GetAtt` give, by what stands in them."""
        found = dict(WORDS)
        for name, parameter in self.template.get("Parameters", {}).items():
            found.setdefault(name, str(parameter.get("Default") or name.lower()))
        for name, resource in _own(self.template).items():
            prop, arn = NAMED.get(resource.get("Type", ""), ("", ""))
            if prop:
                own = str(filled(resource["Properties"].get(prop, name.lower()), found))
                found[f"{name}.Arn"] = arn.format(own)
                found[name] = arn.format(own) if resource["Type"] in REF_IS_ARN else own
        return found


def _own(template: Mapping[str, Any]) -> dict[str, Any]:
    """The resources that stand there themselves; loops make none that has a policy."""
    found = template.get("Resources", {})
    return {name: one for name, one in found.items() if not name.startswith("Fn::")}


def filled(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401, PLR0911 - JSON; a table
    """A part of a template with its functions carried out; conditions hold."""
    if isinstance(value, list):
        return [one for part in value if (one := filled(part, names)) is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((kind, given),) = value.items()
        if kind == "Ref":
            return None if given == "AWS::NoValue" else names.get(given, given.lower())
        if kind == "Fn::GetAtt":
            path = given if isinstance(given, str) else ".".join(given)
            return names.get(path, path.lower())
        if kind == "Fn::Sub":
            return re.sub(r"\$\{([\w:.]+)\}", lambda m: names.get(m[1], m[1].lower()), given)
        if kind == "Fn::If":
            return filled(given[1], names)
    return {key: one for key, part in value.items() if (one := filled(part, names)) is not None}


def policies() -> Iterator[Policy]:
    """Every policy of every role, of all templates."""
    for path in sorted(HERE.glob("*.yaml")):
        template = load_template(path.stem)
        if "Resources" not in template:
            continue
        names = Filled(template).names()
        for resource in _own(template).values():
            kind, properties = resource.get("Type"), filled(resource.get("Properties", {}), names)
            if kind == "AWS::IAM::Role":
                for policy in properties.get("Policies", []):
                    yield Policy(
                        path.stem,
                        properties["RoleName"],
                        policy["PolicyName"],
                        policy["PolicyDocument"],
                    )
            elif kind == "AWS::IAM::RolePolicy":
                yield Policy(
                    path.stem,
                    properties["RoleName"],
                    properties["PolicyName"],
                    properties["PolicyDocument"],
                )


@cache
def grants() -> tuple[Grant, ...]:
    """All that is allowed, an action and a resource at a time."""
    return tuple(
        Grant(policy.role, action, resource)
        for policy in policies()
        for statement in policy.document["Statement"]
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    )


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - one, or a list of them
    return value if isinstance(value, list) else [value]
