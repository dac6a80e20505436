"""Tells SNS that an episode opened or is over, and is quiet in a storm; `recorder` decides when."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .alert_items import Alert
from .crossings import to_wire_time
from .messages import attributes_of, for_chat, message_of, recovery_of, subject_of
from .recent_events import LastEvents, RecentEvents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_sns.client import SNSClient

_MINUTE_MILLIS = 60_000
_RATE_RETENTION_SECONDS = 24 * 60 * 60


class Announcer:
    """Publishes at most `limit_per_minute` alerts in a minute of the clock, over all shards."""

    def __init__(
        self,
        *,
        sns: "SNSClient",
        topic_arn: str,
        rates: "Table",
        limit_per_minute: int,
        recent_events: RecentEvents,
    ) -> None:
        self._sns = sns
        self._topic_arn = topic_arn
        self._rates = rates
        self._limit_per_minute = limit_per_minute
        self._recent_events = recent_events

    def announce(self, alert: Alert, *, now: int) -> bool:
        """False when held back. The alert of the whole site never is: it explains the storm."""
        peak = alert.episode.peak
        if peak.entity_type != "site" and self._opened_in_minute_of(now) > self._limit_per_minute:
            return False
        self._publish(
            subject_of(alert), message_of(alert, self._last_events(alert)), attributes_of(alert)
        )
        return True

    def announce_recovery(self, alert: Alert) -> None:
        """Tell that an alert is over, of which people were told."""
        self._publish(
            subject_of(alert, is_over=True),
            recovery_of(alert),
            attributes_of(alert, is_over=True),
        )

    def _publish(self, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        chat = for_chat(subject, message)
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=subject,
            MessageStructure="json",
            # A pager and AWS's integration with chats both listen by https.
            Message=json.dumps({"default": message, "https": chat, "http": chat}),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def _last_events(self, alert: Alert) -> LastEvents | None:
        """None for the whole site: anybody's events would say nothing of it."""
        peak = alert.episode.peak
        if peak.entity_type != "user":
            return None
        return self._recent_events.before(peak.entity_id, alert.episode.last_crossed_at)

    def _opened_in_minute_of(self, now: int) -> int:
        """Counts this alert too. A retried record counts again: the limit errs towards silence."""
        updated = self._rates.update_item(
            Key={"minute": to_wire_time(now - now % _MINUTE_MILLIS)},
            UpdateExpression="add opened_count :one set expires_at = :expires_at",
            ExpressionAttributeValues={
                ":one": 1,
                ":expires_at": now // 1000 + _RATE_RETENTION_SECONDS,
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(updated["Attributes"]["opened_count"])  # type: ignore[arg-type]
