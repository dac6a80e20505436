"""What an alert looks like in DynamoDB: items in, `Alert` out, and back. No requests here."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .crossings import Crossing, to_millis, to_wire_time
from .episodes import Episode

Status = Literal["open", "updated", "resolved"]
BUCKETS = 10
_DAY_MILLIS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Alert:
    """One stored episode and its bookkeeping. `version` counts the writes of the item."""

    episode: Episode
    status: Status
    version: int
    recorded_at: int
    updated_at: int
    notified_at: int | None = None
    notified_as: str | None = None
    held_back_at: int | None = None
    acknowledged_at: str | None = None
    acknowledged_by: str | None = None

    @property
    def key(self) -> dict[str, str]:
        peak = self.episode.peak
        return {
            "entity": peak.entity,
            "alert": f"{peak.rule}#{to_wire_time(self.episode.opened_at)}",
        }

    @property
    def awaits_notification(self) -> bool:
        is_told = self.notified_at is not None or self.held_back_at is not None
        return not is_told and not self.episode.peak.is_canary


@dataclass(frozen=True)
class UnresolvedAlert:
    """As much of an alert as the `unresolved` index carries."""

    key: Mapping[str, str]
    rule: str
    severity: str
    version: int


def bucket_of(entity: str) -> int:
    """Spreads entities over the partitions of an index; stable across processes and versions."""
    return zlib.crc32(entity.encode()) % BUCKETS


def day_bucket(entity: str, updated_at: int) -> str:
    return f"{to_wire_time(updated_at)[:10]}#{bucket_of(entity)}"


def to_item(alert: Alert, *, retention_days: int) -> dict[str, Any]:
    episode, peak = alert.episode, alert.episode.peak
    item: dict[str, Any] = {
        **alert.key,
        "alert_id": episode.alert_id,
        "rule": peak.rule,
        "rule_version": episode.rule_version,
        "entity_type": peak.entity_type,
        "entity_id": peak.entity_id,
        "severity": episode.severity,
        "status": alert.status,
        "opened_at": to_wire_time(episode.opened_at),
        "last_crossed_at": to_wire_time(episode.last_crossed_at),
        "crossing_count": episode.crossing_count,
        "crossings": set(episode.remembered),
        "peak_value": peak.observed_value,
        "peak_crossed_at": to_wire_time(peak.crossed_at),
        "peak_severity": peak.severity,
        "peak_rule_version": peak.rule_version,
        "threshold": peak.threshold,
        "evidence": dict(peak.evidence),
        "version": alert.version,
        "recorded_at": to_wire_time(alert.recorded_at),
        "updated_at": to_wire_time(alert.updated_at),
        "day_bucket": day_bucket(peak.entity, alert.updated_at),
        # Only the update that resolves an alert takes it out of this index again.
        "unresolved_bucket": bucket_of(peak.entity),
        "expires_at": (episode.last_crossed_at + retention_days * _DAY_MILLIS) // 1000,
    }
    if alert.notified_at is not None:
        item |= {"notified_at": to_wire_time(alert.notified_at), "notified_as": alert.notified_as}
    if alert.held_back_at is not None:
        item["held_back_at"] = to_wire_time(alert.held_back_at)
    if alert.acknowledged_at is not None:
        item["acknowledged_at"] = alert.acknowledged_at
        item["acknowledged_by"] = alert.acknowledged_by
    return item


def from_item(item: Mapping[str, Any]) -> Alert:
    return Alert(
        episode=_episode(item),
        status=item["status"],
        version=int(item["version"]),
        recorded_at=to_millis(item["recorded_at"]),
        updated_at=to_millis(item["updated_at"]),
        notified_at=_optional_millis(item, "notified_at"),
        notified_as=item.get("notified_as"),
        held_back_at=_optional_millis(item, "held_back_at"),
        acknowledged_at=item.get("acknowledged_at"),
        acknowledged_by=item.get("acknowledged_by"),
    )


def unresolved_from_item(item: Mapping[str, Any]) -> UnresolvedAlert:
    return UnresolvedAlert(
        key={"entity": item["entity"], "alert": item["alert"]},
        rule=item["rule"],
        severity=item["severity"],
        version=int(item["version"]),
    )


def _episode(item: Mapping[str, Any]) -> Episode:
    peak = Crossing(
        rule=item["rule"],
        rule_version=int(item["peak_rule_version"]),
        entity_type=item["entity_type"],
        entity_id=item["entity_id"],
        severity=item["peak_severity"],
        crossed_at=to_millis(item["peak_crossed_at"]),
        observed_value=item["peak_value"],
        threshold=item["threshold"],
        evidence=item["evidence"],
    )
    return Episode(
        peak=peak,
        severity=item["severity"],
        rule_version=int(item["rule_version"]),
        opened_at=to_millis(item["opened_at"]),
        last_crossed_at=to_millis(item["last_crossed_at"]),
        crossing_count=int(item["crossing_count"]),
        remembered=frozenset(int(crossed_at) for crossed_at in item["crossings"]),
    )


def _optional_millis(item: Mapping[str, Any], name: str) -> int | None:
    return to_millis(item[name]) if name in item else None
