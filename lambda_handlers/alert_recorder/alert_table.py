"""Reads and conditional writes of the alerts table. What an episode is, `episodes` decides.

Every write is conditional on the version that was read, so a lost race fails the record, which
Lambda then delivers again. Kinesis hands one entity to one invocation at a time, so races are rare.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from .alert_items import (
    BUCKETS,
    Alert,
    UnresolvedAlert,
    day_bucket,
    from_item,
    to_item,
    unresolved_from_item,
)
from .crossings import Crossing, to_wire_time
from .episodes import QUIET_MILLIS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

MUTE = "mute"
"""Sort key of the item by which a person mutes an entity; no alert has it."""


class AlertTable:
    def __init__(self, table: "Table", *, retention_days: int) -> None:
        self._table = table
        self._client = table.meta.client
        self._retention_days = retention_days

    def near(self, crossing: Crossing) -> list[Alert]:
        """The alerts that `crossing` belongs to: none, one, or the two that it joins.

        Openings of one rule and entity lie ten minutes apart, so at most one lies after the
        crossing and within reach, and only the last one before it can still reach it.
        """
        last = to_wire_time(crossing.crossed_at + QUIET_MILLIS)
        found = self._table.query(
            KeyConditionExpression=Key("entity").eq(crossing.entity)
            & Key("alert").between(f"{crossing.rule}#", f"{crossing.rule}#{last}"),
            ScanIndexForward=False,
            Limit=2,
            ConsistentRead=True,
        )
        alerts = [from_item(item) for item in found["Items"]]
        return [alert for alert in alerts if alert.episode.touches(crossing.crossed_at)]

    def replace(self, stored: Sequence[Alert], alert: Alert) -> None:
        """Stores `alert` in place of the alerts that it continues or joins."""
        kept = next((old for old in stored if old.key == alert.key), None)
        item = to_item(alert, retention_days=self._retention_days)
        put: Any = {"TableName": self._table.name, "Item": item, **_unchanged_since(kept)}
        deletes: list[Any] = [
            {"Delete": {"TableName": self._table.name, "Key": old.key, **_unchanged_since(old)}}
            for old in stored
            if old is not kept
        ]
        if not deletes:
            self._client.put_item(**put)
            return
        # An episode that starts earlier, or joins two, changes its key: old and new swap at once.
        self._client.transact_write_items(TransactItems=[{"Put": put}, *deletes])

    def mark_notified(self, alert: Alert, *, now: int) -> None:
        """Keeps the alert_id that people were told; a start that moves later changes alert_id."""
        self._table.update_item(
            Key=alert.key,
            UpdateExpression="set notified_at = :now, notified_as = :alert_id",
            ConditionExpression="attribute_exists(entity)",
            ExpressionAttributeValues={
                ":now": to_wire_time(now),
                ":alert_id": alert.episode.alert_id,
            },
        )

    def mark_held_back(self, alert: Alert, *, now: int) -> None:
        self._table.update_item(
            Key=alert.key,
            UpdateExpression="set held_back_at = :now",
            ConditionExpression="attribute_exists(entity)",
            ExpressionAttributeValues={":now": to_wire_time(now)},
        )

    def is_muted(self, entity: str, *, now: int) -> bool:
        """Whether a person has muted an entity, and the time has not passed."""
        found = self._table.query(
            KeyConditionExpression=Key("entity").eq(entity) & Key("alert").eq(MUTE),
            ConsistentRead=True,
        )
        return any(str(item["muted_until"]) > to_wire_time(now) for item in found["Items"])

    def quiet_since(self, cutoff: int) -> Iterator[UnresolvedAlert]:
        """Unresolved alerts whose last crossing is at or before `cutoff` (epoch milliseconds)."""
        for bucket in range(BUCKETS):
            request: dict[str, Any] = {
                "IndexName": "unresolved",
                "KeyConditionExpression": Key("unresolved_bucket").eq(bucket)
                & Key("last_crossed_at").lte(to_wire_time(cutoff)),
            }
            while True:
                found = self._table.query(**request)
                yield from (unresolved_from_item(item) for item in found["Items"])
                if "LastEvaluatedKey" not in found:
                    break
                request["ExclusiveStartKey"] = found["LastEvaluatedKey"]

    def resolve(self, alert: UnresolvedAlert, *, now: int) -> Alert | None:
        """Closes the alert and gives it whole; None if it was written after it was read."""
        try:
            answer = self._table.update_item(
                Key=alert.key,
                UpdateExpression="set #status = :resolved, version = version + :one,"
                " updated_at = :now, day_bucket = :bucket remove unresolved_bucket",
                ConditionExpression="version = :version",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":resolved": "resolved",
                    ":one": 1,
                    ":version": alert.version,
                    ":now": to_wire_time(now),
                    ":bucket": day_bucket(alert.key["entity"], now),
                },
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return from_item(answer["Attributes"])


def _unchanged_since(alert: Alert | None) -> dict[str, Any]:
    if alert is None:
        return {"ConditionExpression": "attribute_not_exists(entity)"}
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": {":version": alert.version},
    }
