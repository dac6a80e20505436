"""CloudFormation templates as data: their short tags become the functions that they stand for."""

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


class _Loader(yaml.SafeLoader):
    """Reads `!Sub x` as `{"Fn::Sub": "x"}`, and so on."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _function)


def load_template(name: str) -> Any:  # noqa: ANN401 - JSON
    """The template `infra/<name>.yaml`."""
    return yaml.load((HERE / f"{name}.yaml").read_text(), _Loader)  # noqa: S506 - a safe loader
