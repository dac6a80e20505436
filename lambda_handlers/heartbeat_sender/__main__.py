"""`python -m heartbeat_sender --stream ecom-raw-events`: beat on one machine until stopped."""

import argparse
import time
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .sender import Sender

INTERVAL_SECONDS = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="heartbeat_sender", description=__doc__)
    parser.add_argument("--stream", required=True)
    parser.add_argument(
        "--canary-seconds", type=float, default=180.0, help="between two bursts; 0 for none"
    )
    options = parser.parse_args()
    sender = Sender(boto3.client("kinesis"), options.stream)
    due = time.monotonic()
    while True:
        try:
            now = datetime.now(UTC)
            sender.beat(now)
            if options.canary_seconds and time.monotonic() >= due:
                sender.send_canary(now)
                due = time.monotonic() + options.canary_seconds
        except (BotoCoreError, ClientError) as error:
            print(f"no heartbeat, trying again: {error}", flush=True)
        time.sleep(INTERVAL_SECONDS)


if __name__ == "__main__":
    main()
