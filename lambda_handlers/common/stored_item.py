"""The item that stands against a conditional write."""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

_PLAIN = TypeDeserializer()
"""An error carries the item as it goes over the wire."""


def stored_item(error: ClientError) -> dict[str, Any]:
    """Of a write that asked for it by `ReturnValuesOnConditionCheckFailure`."""
    found: Any = error.response
    return {name: _PLAIN.deserialize(value) for name, value in found["Item"].items()}
