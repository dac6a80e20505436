"""CloudFormation templates as data: their short tags become the functions that they stand for."""

from collections.abc import Mapping
from typing import Any

import yaml

from ecom_platform_tests.support.places import ROOT


class TemplateLoader(yaml.SafeLoader):
    """Reads `!Sub x` as `{"Fn::Sub": "x"}`, and so on."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


TemplateLoader.add_multi_constructor("!", _function)


def load_template(name: str) -> Any:
    """The template `infra/<name>.yaml`."""
    return yaml.load((ROOT / "infra" / f"{name}.yaml").read_text(), TemplateLoader)  # noqa: S506


WORDS: dict[str, object] = {
    "Prefix": "ecom-",
    "DatabasePrefix": "ecom_",
    "DataBucketName": "shop",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
}
"""What parameters are for the installation `ecom-`."""


def filled(value: Any, more: Mapping[str, object] | None = None) -> Any:
    """A part of a template with what CloudFormation would put in; of roles the ARN of some."""
    words = {**WORDS, **(more or {})}
    if isinstance(value, list):
        return [filled(one, more) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Sub" in value:
        text: str = value["Fn::Sub"]
        for name, word in words.items():
            text = text.replace(f"${{{name}}}", str(word))
        return text
    if "Ref" in value:
        return words[value["Ref"]]
    if "Fn::GetAtt" in value:
        return "arn:aws:iam::123456789012:role/x"
    return {key: filled(one, more) for key, one in value.items()}
