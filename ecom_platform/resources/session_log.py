"""The tables of sessions and of quiet carts, read. They are written by Lambda alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecom_platform.resources.aws import dynamodb_table
from ecom_platform.streaming.alerts import wire_time
from ecom_platform.streaming.sessions import QuietCart, Session, hour_buckets

BY_HOUR = "by_hour"
KEYS_AT_ONCE = 100
"""DynamoDB gives so many items by their keys in one answer."""


@dataclass(frozen=True)
class SessionLog:
    """The sessions of an installation, under a role that may read them."""

    sessions_table: str
    quiet_carts_table: str
    profile: str | None = None

    def active(self, since: datetime, until: datetime, limit: int) -> list[Session]:
        """At most `limit` sessions that did something between two moments, the newest first."""
        table = dynamodb_table(self.profile, self.sessions_table)
        found: list[Session] = []
        for bucket in hour_buckets(since, until):
            page = table.query(
                IndexName=BY_HOUR,
                KeyConditionExpression=(
                    "active_hour = :hour and last_event_at between :since and :end"
                ),
                ExpressionAttributeValues={
                    ":hour": bucket,
                    ":since": wire_time(since),
                    ":end": wire_time(until),
                },
                ScanIndexForward=False,
                Limit=limit,
            )
            found += [Session.from_item(item) for item in page["Items"]]
        found.sort(key=lambda one: (one.last_event_at, one.user_id, one.user_session), reverse=True)
        return found[:limit]

    def quiet_carts(self, sessions: Sequence[Session]) -> dict[Session, QuietCart]:
        """What was told of these sessions; those of which nothing was told are left out."""
        resource = dynamodb_table(self.profile, self.quiet_carts_table).meta.client
        by_key = {(one.user_id, one.user_session): one for one in sessions}
        found: dict[Session, QuietCart] = {}
        keys = [one.key for one in by_key.values()]
        for start in range(0, len(keys), KEYS_AT_ONCE):
            request: Any = {self.quiet_carts_table: {"Keys": keys[start : start + KEYS_AT_ONCE]}}
            while request:
                answer = resource.batch_get_item(RequestItems=request)
                for item in answer["Responses"][self.quiet_carts_table]:
                    session = by_key[item["user_id"], item["user_session"]]
                    found[session] = QuietCart.from_item(item)
                request = answer["UnprocessedKeys"]
        return found
