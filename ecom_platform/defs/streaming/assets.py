"""What other systems own of the stream, as assets: streams, the Flink job, archives, tables.

Dagster builds none of them but the look at the alerts; their sensors tell how they are.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from ecom_platform.defs.specs import preview
from ecom_platform.resources.alert_log import AlertLog
from ecom_platform.streaming.alerts import Alert

OWNER = "team:data-platform"
LATEST_ALERTS = 20
LOOK_BACK = timedelta(days=1)

RAW_EVENTS = dg.AssetKey(["streaming", "raw_events"])
FLINK_JOB = dg.AssetKey(["streaming", "flink_job"])
DETECTIONS = dg.AssetKey(["streaming", "detections"])
USER_SESSIONS = dg.AssetKey(["streaming", "user_sessions"])
QUIET_CARTS = dg.AssetKey(["streaming", "quiet_carts"])
DEAD_LETTERS = dg.AssetKey(["streaming", "dead_letters"])
LATE_EVENTS = dg.AssetKey(["streaming", "late_events"])
ALERTS = dg.AssetKey(["streaming", "alerts"])
SESSION_STATES = dg.AssetKey(["streaming", "session_states"])
CART_TRIGGERS = dg.AssetKey(["streaming", "cart_triggers"])

STREAMS = {
    RAW_EVENTS: "raw-events",
    DETECTIONS: "detections",
    USER_SESSIONS: "user-sessions",
    QUIET_CARTS: "quiet-carts",
    DEAD_LETTERS: "dead-letters",
    LATE_EVENTS: "late-events",
}
"""Asset → name of its Kinesis stream, without the prefix of the installation."""
READ_STREAMS = (RAW_EVENTS, DETECTIONS, USER_SESSIONS, QUIET_CARTS)
"""Those that somebody must read in time; the others are kept to be looked at."""


@dg.asset(
    key=ALERTS,
    group_name="streaming",
    owners=[OWNER],
    kinds={"dynamodb"},
    deps=[DETECTIONS],
    pool="streaming_alerts",
)
def alerts(context: dg.AssetExecutionContext, alert_log: AlertLog) -> dg.MaterializeResult[None]:
    """One item an alert: an episode of one rule and one entity, in DynamoDB.

    Written by Lambda from the detections, read by whoever is on call. A materialization is a look
    at the table: nothing is written.
    """
    now = datetime.now(UTC)
    found = alert_log.changed(now - LOOK_BACK, now)
    context.log.info(f"{len(found)} alerts changed within a day")
    return dg.MaterializeResult(metadata=alert_metadata(found))


def alert_metadata(found: list[Alert]) -> dict[str, dg.MetadataValue[Any]]:
    """Counts, and the latest alerts as a table, the newest first."""
    latest = sorted(found, key=lambda alert: alert.updated_at, reverse=True)[:LATEST_ALERTS]
    by_rule = {rule: sum(a.rule == rule for a in found) for rule in {a.rule for a in found}}
    return {
        "alerts": dg.MetadataValue.int(len(found)),
        "unresolved": dg.MetadataValue.int(sum(a.status != "resolved" for a in found)),
        "by_rule": dg.MetadataValue.json(dict(sorted(by_rule.items()))),
        "latest": preview([_row(alert) for alert in latest]),
    }


def _row(alert: Alert) -> dict[str, object]:
    return {
        "rule": alert.rule,
        "entity": alert.entity,
        "severity": alert.severity,
        "status": alert.status,
        "opened_at": alert.opened_at,
        "crossings": alert.crossing_count,
        "peak_value": alert.peak_value,
        "threshold": alert.threshold,
        "seconds_to_record": round(alert.seconds_to_record, 1),
    }
