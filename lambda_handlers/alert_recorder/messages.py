"""What people are told of an alert: who, what, since when, the evidence, how often the rule is
wrong, where to look, and the command that overrules it. Pure; sending is in `announcer`.
"""

import json

from .alert_items import Alert
from .crossings import to_wire_time

FALSE_ALARMS = {"cart_hoarding": 2, "site_flood": 2}
"""False alarms of a rule of the stream in `make bench-detection`; none of the others."""
JUDGED_SESSIONS = 505_128
"""Sessions of people there."""


def subject_of(alert: Alert) -> str:
    peak = alert.episode.peak
    return f"{alert.episode.severity} alert: {peak.rule} by {peak.entity_type}"[:100]


def message_of(alert: Alert) -> str:
    """The message, JSON."""
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
    if peak.entity_type == "user":
        message["overrule"] = f"make verdict USER={peak.entity_id} SAY=person REASON='...'"
    return json.dumps(message, default=float)


def _how_often_wrong(rule: str) -> str:
    count = FALSE_ALARMS.get(rule, 0)
    return f"{count} false alarms in {JUDGED_SESSIONS:,} sessions of people (make bench-detection)"
