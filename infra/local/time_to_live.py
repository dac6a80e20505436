"""Turns on the expiry that the templates ask for and the emulator's CloudFormation leaves out."""

import boto3

EXPIRING_TABLES = ("alerts", "alert-rates", "user-sessions", "quiet-carts", "product-affinity")


def turn_on_expiry(prefix: str) -> None:
    """Let items expire at their `expires_at`; safe to repeat."""
    dynamodb = boto3.client("dynamodb")
    for table in EXPIRING_TABLES:
        dynamodb.update_time_to_live(
            TableName=f"{prefix}{table}",
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
        )
