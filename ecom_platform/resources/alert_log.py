"""The table of alerts, read by the order in which they changed. It is written by Lambda alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import dagster as dg

from ecom_platform.contracts.verdicts import CANARY_ENTITY
from ecom_platform.resources.aws import CONNECTIONS, dynamodb_table
from ecom_platform.streaming.alerts import Alert, day_buckets, wire_time

BY_DAY = "by_day"


class AlertLog(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The alerts of an installation, under a role that may read them."""

    table: str
    profile: str | None = None

    def changed(self, since: datetime, until: datetime) -> list[Alert]:
        """Alerts that changed after `since` and not after `until`, oldest change first.

        That of the canary is none.
        """
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            found = pool.map(
                lambda bucket: self._query(bucket, since, until), day_buckets(since, until)
            )
            alerts = [Alert.from_item(item) for items in found for item in items]
        found_out = (alert for alert in alerts if alert.entity != CANARY_ENTITY)
        return sorted(found_out, key=lambda alert: (alert.updated_at, alert.alert_id))

    def canary_crossed_at(self) -> datetime | None:
        """When the canary was last found to be above its threshold; none if it never was."""
        page = dynamodb_table(self.profile, self.table).query(
            KeyConditionExpression="entity = :entity",
            ExpressionAttributeValues={":entity": CANARY_ENTITY},
            ScanIndexForward=False,
            Limit=1,
        )
        times = [datetime.fromisoformat(item["last_crossed_at"]) for item in page["Items"]]
        return max(times, default=None)

    def evidence(self, alert: Alert) -> dict[str, Any]:
        """What was seen at the peak of an alert, and who looks after it."""
        page = dynamodb_table(self.profile, self.table).query(
            KeyConditionExpression="entity = :entity and alert = :alert",
            ExpressionAttributeValues={
                ":entity": alert.entity,
                ":alert": f"{alert.rule}#{alert.opened_at}",
            },
        )
        found = page["Items"][0] if page["Items"] else {"evidence": {}}
        seen = {name: float(value) for name, value in found["evidence"].items()}
        return {**seen, "acknowledged_by": found.get("acknowledged_by")}

    def _query(self, bucket: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        request: dict[str, Any] = {
            "IndexName": BY_DAY,
            "KeyConditionExpression": "day_bucket = :bucket and updated_at between :since and :end",
            "ExpressionAttributeValues": {
                ":bucket": bucket,
                ":since": f"{wire_time(since)}~",
                ":end": wire_time(until),
            },
        }
        items: list[dict[str, Any]] = []
        while True:
            page = dynamodb_table(self.profile, self.table).query(**request)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
