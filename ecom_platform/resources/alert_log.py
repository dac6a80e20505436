"""The table of alerts, read by the order in which they changed. It is written by Lambda alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import dagster as dg

from ecom_platform.resources.aws import CONNECTIONS, dynamodb_table
from ecom_platform.streaming.alerts import Alert, day_buckets, wire_time

BY_DAY = "by_day"


class AlertLog(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The alerts of an installation, under a role that may read them."""

    table: str
    profile: str | None = None

    def changed(self, since: datetime, until: datetime) -> list[Alert]:
        """Alerts that changed after `since` and not after `until`, oldest change first."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            found = pool.map(
                lambda bucket: self._query(bucket, since, until), day_buckets(since, until)
            )
            alerts = [Alert.from_item(item) for items in found for item in items]
        return sorted(alerts, key=lambda alert: (alert.updated_at, alert.alert_id))

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
