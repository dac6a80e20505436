"""What people are told of an alert: who, what, since when, the evidence, the last events, how often
the rule is wrong, where to look, and the command that overrules it. Pure; `announcer` sends.
"""

import json

from .alert_items import Alert
from .crossings import to_wire_time
from .recent_events import LastEvents

FALSE_ALARMS = {"cart_hoarding": 2, "site_flood": 2}
"""False alarms of a rule of the stream in `make bench-detection`; none of the others."""
JUDGED_SESSIONS = 505_128
"""Sessions of people there."""


def subject_of(alert: Alert) -> str:
    peak = alert.episode.peak
    return f"{alert.episode.severity} alert: {peak.rule} by {peak.entity_type}"[:100]


def message_of(alert: Alert, last_events: LastEvents | None) -> str:
    """The message, JSON. Without `last_events` it says nothing of them."""
    peak = alert.episode.peak
    message = {
        "alert_id": alert.episode.alert_id,
        "rule": peak.rule,
        "entity_type": peak.entity_type,
        "entity_id": peak.entity_id,
        "severity": alert.episode.severity,
        "opened_at": to_wire_time(alert.episode.opened_at),
        "observed_value": float(peak.observed_value),
        "threshold": float(peak.threshold),
        "evidence": dict(sorted(peak.evidence.items())),
        "how_often_wrong": _how_often_wrong(peak.rule),
        "look_at": "make alerts, or streaming/alerts in Dagster; docs/detection.md",
    }
    if last_events is not None:
        message["last_events"] = last_events.events
        if last_events.unread_reason:
            message["last_events_unread"] = last_events.unread_reason
    if peak.entity_type == "user":
        message["overrule"] = f"make verdict USER={peak.entity_id} SAY=person REASON='...'"
    return json.dumps(message, default=float)


def _how_often_wrong(rule: str) -> str:
    count = FALSE_ALARMS.get(rule, 0)
    return f"{count} false alarms in {JUDGED_SESSIONS:,} sessions of people (make bench-detection)"
