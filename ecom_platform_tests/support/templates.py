"""CloudFormation templates as data: their short tags become the functions that they stand for."""

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
