"""The fields of a record on the wire, or a reason why it breaks its contract. No AWS here."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .wire_time import from_wire_time


class MalformedRecordError(ValueError):
    """A record that breaks its stream's contract; the message names the field and the remedy."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field}={value!r:.200}: {remedy}")


def one_object(data: bytes, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - those of json.loads
    """The one JSON object of a record. Raises MalformedRecordError."""
    try:
        fields = json.loads(data, **options)
    except ValueError as error:
        raise MalformedRecordError("record", data, "send one JSON object in UTF-8") from error
    if not isinstance(fields, dict):
        raise MalformedRecordError("record", data, "send one JSON object")
    return fields


def text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRecordError(name, value, "send a text that is not empty")
    return value


def whole(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedRecordError(name, value, "send a whole number, not below 0")
    return value


def moment(fields: Mapping[str, Any], name: str) -> datetime:
    value = text(fields, name)
    try:
        return from_wire_time(value)
    except ValueError as error:
        raise MalformedRecordError(name, value, "send 2026-01-02T03:04:05.678Z") from error
