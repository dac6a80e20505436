"""Templates that programs write: their text, and the names of what is in them."""

from typing import Any

import yaml

NAMES: dict[str, Any] = {
    "Prefix": {
        "Type": "String",
        "Default": "ecom-",
        "AllowedPattern": "[a-z][a-z0-9-]{0,14}-",
        "Description": "Put before every name of the installation.",
    },
    "DatabasePrefix": {"Type": "String", "Default": "ecom_"},
}
"""The parameters from which a template makes its names."""


class _WithoutAliases(yaml.SafeDumper):
    """CloudFormation knows no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - of the base class
        return True


def template_text(template: dict[str, Any]) -> str:
    """A template as it lies in its file."""
    return yaml.dump(template, Dumper=_WithoutAliases, sort_keys=False, width=100)


def logical_name(name: str) -> str:
    """What CloudFormation calls it: AlertRecorder for alert_recorder."""
    return "".join(word.capitalize() for word in name.split("_"))
