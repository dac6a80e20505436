"""Lambda entry point: started every minute, it beats until the next start."""

import os
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from .sender import Sender

BEATING_SECONDS = 55.0
"""Shorter than the minute between two starts."""

logger = Logger()


@cache
def sender() -> Sender:
    return Sender(boto3.client("kinesis"), os.environ["RAW_EVENTS_STREAM"])


@logger.inject_lambda_context
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """`seconds` in the event ends it sooner than a minute."""
    pause, every = float(os.environ["HEARTBEAT_SECONDS"]), int(os.environ["CANARY_MINUTES"])
    until = time.monotonic() + float(event.get("seconds", BEATING_SECONDS))
    now = datetime.now(UTC)
    canary_count = sender().send_canary(now) if now.minute % every == 0 else 0
    beat_count = sender().beat(now)
    while time.monotonic() + pause < until:
        time.sleep(pause)
        beat_count += sender().beat(datetime.now(UTC))
    return {"beat_count": beat_count, "canary_count": canary_count}
