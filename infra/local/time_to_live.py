"""Turns on the expiry that the templates ask for and the emulator's CloudFormation leaves out."""

import boto3

EXPIRING_TABLES = ("ecom-alerts", "ecom-alert-rates", "ecom-user-sessions")


def turn_on_expiry() -> None:
    """Let items expire at their `expires_at`; safe to repeat."""
    dynamodb = boto3.client("dynamodb")
    for table in EXPIRING_TABLES:
        dynamodb.update_time_to_live(
            TableName=table,
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
        )
