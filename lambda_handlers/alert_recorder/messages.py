"""What people are told of an alert: who, what, since when, the evidence, the last events, how often
the rule is wrong, where to look, and the command that overrules it; and that it is over. Pure;
`announcer` sends.
"""

import json
from typing import Any

from .alert_items import Alert
from .crossings import to_wire_time
from .recent_events import LastEvents

FALSE_ALARMS = {"cart_hoarding": 2, "site_flood": 2}
"""False alarms of a rule of the stream in `make bench-detection`; none of the others."""
JUDGED_SESSIONS = 505_128
"""Sessions of people there."""
OWNERS = {"cart_hoarding": "shop", "checkout_burst": "shop"}
"""Whose alerts these are; all others are the platform's."""
FROM_EVENTS = {"last_events", "evidence"}
"""Fields that hold what a stranger sent, or too much for a chat."""


def subject_of(alert: Alert, *, is_over: bool = False) -> str:
    peak = alert.episode.peak
    what = "is over" if is_over else "alert"
    return f"{alert.episode.severity} {what}: {peak.rule} by {peak.entity_type}"[:100]


def attributes_of(alert: Alert, *, is_over: bool = False) -> dict[str, str]:
    """By what a subscription can choose what it hears."""
    rule = alert.episode.peak.rule
    return {
        "rule": rule,
        "severity": alert.episode.severity,
        "owner": OWNERS.get(rule, "platform"),
        "status": "resolved" if is_over else "open",
    }


def recovery_of(alert: Alert) -> str:
    """The message that an alert of which people were told is over, JSON."""
    episode = alert.episode
    over = {
        **_which(alert, "resolved"),
        "alert_id": alert.notified_as or episode.alert_id,
        "last_crossed_at": to_wire_time(episode.last_crossed_at),
        "crossing_count": episode.crossing_count,
    }
    return json.dumps(over)


def _which(alert: Alert, status: str) -> dict[str, Any]:
    """What every message says of its alert."""
    peak = alert.episode.peak
    return {
        "alert_id": alert.episode.alert_id,
        "status": status,
        "rule": peak.rule,
        "entity_type": peak.entity_type,
        "entity_id": peak.entity_id,
        "severity": alert.episode.severity,
        "opened_at": to_wire_time(alert.episode.opened_at),
    }


def for_chat(subject: str, message: str) -> str:
    """A message as AWS's integration with chats shows it: a custom notification, with the fields of
    the message as its context. None of its texts comes from an event.
    """
    fields = json.loads(message)
    told = [name for name in ("entity_id", "opened_at", "how_often_wrong") if name in fields]
    content = {
        "title": subject,
        "description": "; ".join(f"{name}: {fields[name]}" for name in told),
        "nextSteps": [fields[name] for name in ("look_at", "overrule") if name in fields],
    }
    context = {name: str(fields[name]) for name in sorted(fields) if name not in FROM_EVENTS}
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "content": content,
            "metadata": {"threadId": fields["alert_id"], "additionalContext": context},
        }
    )


def message_of(alert: Alert, last_events: LastEvents | None) -> str:
    """The message, JSON. Without `last_events` it says nothing of them."""
    peak = alert.episode.peak
    message = {
        **_which(alert, "open"),
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
