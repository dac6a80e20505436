"""What a detection on the wire is: text in, `Crossing` out, or a reason why not.

No AWS here, and no episodes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NoReturn, cast, get_args

from common import canary, wire_time
from common.wire_fields import MalformedRecordError, moment, one_object, text

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
ENTITY_TYPES = ("user", "site")

_RULE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Crossing:
    """One crossing of one rule's threshold by one entity, in epoch milliseconds of event time."""

    rule: str
    rule_version: int
    entity_type: str
    entity_id: str
    severity: Severity
    crossed_at: int
    observed_value: Decimal
    threshold: Decimal
    evidence: Mapping[str, Any]

    @property
    def entity(self) -> str:
        return f"{self.entity_type}#{self.entity_id}"

    @property
    def is_canary(self) -> bool:
        return self.entity_type == "user" and self.entity_id == canary.ENTITY_ID


def to_millis(wire: str) -> int:
    """Epoch milliseconds of a time such as 2026-01-02T03:04:05.678Z; else ValueError."""
    return _millis(wire_time.from_wire_time(wire))


def _millis(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(milliseconds=1)


def to_wire_time(millis: int) -> str:
    return wire_time.to_wire_time(_EPOCH + timedelta(milliseconds=millis))


def parse_crossing(data: bytes) -> Crossing:
    """The crossing in one record. Raises MalformedRecordError."""
    fields = one_object(
        data, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant
    )
    return Crossing(
        rule=_rule(fields),
        rule_version=_integer(fields, "rule_version"),
        entity_type=_one_of(fields, "entity_type", ENTITY_TYPES),
        entity_id=text(fields, "entity_id"),
        severity=cast("Severity", _one_of(fields, "severity", SEVERITIES)),
        crossed_at=_millis(moment(fields, "crossed_at")),
        observed_value=_number(fields, "observed_value"),
        threshold=_number(fields, "threshold"),
        evidence=_evidence(fields),
    )


def _rule(fields: Mapping[str, Any]) -> str:
    value = text(fields, "rule")
    if not _RULE_NAME.fullmatch(value):
        raise MalformedRecordError("rule", value, "use lower-case letters, digits and _")
    return value


def _one_of(fields: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = text(fields, name)
    if value not in allowed:
        raise MalformedRecordError(name, value, f"use one of {', '.join(allowed)}")
    return value


def _number(fields: Mapping[str, Any], name: str) -> Decimal:
    value = fields.get(name)
    if not isinstance(value, Decimal):
        raise MalformedRecordError(name, value, "send a finite number")
    return value


def _integer(fields: Mapping[str, Any], name: str) -> int:
    value = _number(fields, name)
    if value != value.to_integral_value():
        raise MalformedRecordError(name, value, "send a whole number")
    return int(value)


def _evidence(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    value = fields.get("evidence")
    if not isinstance(value, dict):
        raise MalformedRecordError("evidence", value, "send an object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are no JSON, though Python's parser takes them."""
    raise ValueError(name)
