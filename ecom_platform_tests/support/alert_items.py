"""Alerts put straight into the table, as the recorder keeps them."""

from datetime import datetime
from typing import Any

import boto3

from ecom_platform.streaming.alerts import wire_time


def put_alert(user: str, updated_at: datetime, **changed: Any) -> None:
    """An open alert of a user, with some of its attributes changed."""
    moment = wire_time(updated_at)
    boto3.resource("dynamodb").Table("ecom-alerts").put_item(
        Item={
            "entity": f"user#{user}",
            "alert": f"user_flood#{moment}",
            "alert_id": f"user_flood:user:{user}",
            "rule": "user_flood",
            "severity": "high",
            "status": "open",
            **dict.fromkeys(("opened_at", "last_crossed_at", "recorded_at", "updated_at"), moment),
            "day_bucket": f"{moment[:10]}#{int(user) % 10}",
            "crossing_count": 1,
            "peak_value": 21,
            "threshold": 20,
            **changed,
        }
    )
