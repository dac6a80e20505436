"""What a person answers to alerts, in their table: who has seen them, and whom not to tell of.

Reading alerts is `alert_log`; overruling a rule is `pipeline.verdicts`.
"""

from dataclasses import dataclass
from datetime import datetime

from ecom_platform.resources.aws import dynamodb_table
from ecom_platform.streaming.alerts import MUTE, wire_time


@dataclass(frozen=True)
class AlertDesk:
    """The table of alerts, under the role of who is on call."""

    table: str
    profile: str | None = None

    def acknowledge(self, entity: str, now: datetime, by: str) -> int:
        """Say that somebody looks after an entity; returns how many open alerts of it there are."""
        table = dynamodb_table(self.profile, self.table)
        pages = table.meta.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="entity = :entity",
            ExpressionAttributeValues={":entity": entity},
            ConsistentRead=True,
        )
        items = (one for page in pages for one in page["Items"])
        found = [one for one in items if one.get("status") in ("open", "updated")]
        for item in found:
            table.update_item(
                Key={"entity": entity, "alert": item["alert"]},
                # The recorder, which writes whole items, must see that this one has changed.
                UpdateExpression="set acknowledged_at = :now, acknowledged_by = :by,"
                " version = version + :one",
                ConditionExpression="attribute_exists(entity)",
                ExpressionAttributeValues={":now": wire_time(now), ":by": by, ":one": 1},
            )
        return len(found)

    def mute(self, entity: str, until: datetime, reason: str, by: str) -> None:
        """Announce nothing of an entity until then; alerts are recorded as ever."""
        dynamodb_table(self.profile, self.table).update_item(
            Key={"entity": entity, "alert": MUTE},
            UpdateExpression="set muted_until = :until, reason = :reason, muted_by = :by,"
            " expires_at = :expires",
            ExpressionAttributeValues={
                ":until": wire_time(until),
                ":reason": reason,
                ":by": by,
                ":expires": int(until.timestamp()),
            },
        )
