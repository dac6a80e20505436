"""What happens to one quiet cart: whether it is told, and with what. Wiring is in `handler`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from common.wire_time import to_wire_time

from .affinities import Affinities
from .quiet_cart_table import QuietCartTable, Trigger
from .quiet_carts import QuietCart

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_sns.client import SNSClient

Outcome = Literal["told", "duplicate", "empty", "bot", "too_late"]
SUSPECT = timedelta(days=1)
"""Who had an alert within a day before is not spoken to, even if a person takes it back later."""


@dataclass(frozen=True)
class Triggers:
    """`latest` is how long after its last event a quiet cart is still worth a word."""

    table: QuietCartTable
    affinities: Affinities
    alerts: "Table"
    sns: "SNSClient"
    topic_arn: str
    latest: timedelta
    now: Callable[[], datetime]

    def record(self, cart: QuietCart) -> Outcome:
        """Keep and tell a quiet cart once; a crash between both tells it again, by the same id."""
        now = self.now()
        if not cart.product_ids:
            return "empty"
        if now - cart.last_event_at > self.latest:
            return "too_late"
        if self._is_suspect(cart):
            return "bot"
        trigger = self.table.keep(Trigger(cart, self.affinities.of(cart.product_ids)), now=now)
        if trigger.is_told:
            return "duplicate"
        self.sns.publish(TopicArn=self.topic_arn, Message=message_of(trigger))
        self.table.mark_told(trigger.cart, now=self.now())
        return "told"

    def _is_suspect(self, cart: QuietCart) -> bool:
        pages = self.alerts.meta.client.get_paginator("query").paginate(
            TableName=self.alerts.name,
            KeyConditionExpression="entity = :entity",
            FilterExpression="last_crossed_at >= :since",
            ExpressionAttributeValues={
                ":entity": f"user#{cart.user_id}",
                ":since": to_wire_time(cart.last_event_at - SUSPECT),
            },
            ConsistentRead=True,
        )
        return any(page["Items"] for page in pages)


def message_of(trigger: Trigger) -> str:
    """The message, JSON."""
    cart = trigger.cart
    return json.dumps(
        {
            "trigger_id": cart.trigger_id,
            "user_id": cart.user_id,
            "user_session": cart.user_session,
            "last_event_at": to_wire_time(cart.last_event_at),
            "product_ids": cart.product_ids,
            "goes_with": trigger.goes_with,
        }
    )
