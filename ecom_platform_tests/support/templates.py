"""Parts of CloudFormation templates, filled in as for one installation."""

from collections.abc import Mapping
from typing import Any

from infra.templates import load_template

__all__ = ["filled", "load_template"]

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
