"""Conditional writes of the quiet_carts table: one item a session, whatever is delivered again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from common.stored_item import stored_item
from common.wire_time import to_wire_time

from .quiet_carts import QuietCart

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True)
class Trigger:
    """What is told of a session, once."""

    cart: QuietCart
    goes_with: tuple[int, ...]
    is_told: bool = False


class QuietCartTable:
    def __init__(self, table: "Table", *, retention_days: int) -> None:
        self._table = table
        self._retention = timedelta(days=retention_days)

    def keep(self, trigger: Trigger, *, now: datetime) -> Trigger:
        """The trigger of a session that counts: this one, or the one that was kept before."""
        cart = trigger.cart
        client = self._table.meta.client
        item: dict[str, Any] = {
            "user_id": cart.user_id,
            "user_session": cart.user_session,
            "last_event_at": to_wire_time(cart.last_event_at),
            "product_ids": list(cart.product_ids),
            "goes_with": list(trigger.goes_with),
            "recorded_at": to_wire_time(now),
            "expires_at": int((cart.last_event_at + self._retention).timestamp()),
        }
        try:
            client.put_item(
                TableName=self._table.name,
                Item=item,
                ConditionExpression="attribute_not_exists(user_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except client.exceptions.ConditionalCheckFailedException as error:
            return _from_item(stored_item(error))
        return trigger

    def mark_told(self, cart: QuietCart, *, now: datetime) -> None:
        self._table.update_item(
            Key={"user_id": cart.user_id, "user_session": cart.user_session},
            UpdateExpression="set notified_at = :now",
            ExpressionAttributeValues={":now": to_wire_time(now)},
        )


def _from_item(item: dict[str, Any]) -> Trigger:
    cart = QuietCart(
        user_id=item["user_id"],
        user_session=item["user_session"],
        last_event_at=datetime.fromisoformat(item["last_event_at"]),
        product_ids=tuple(int(one) for one in item["product_ids"]),
    )
    goes_with = tuple(int(one) for one in item["goes_with"])
    return Trigger(cart, goes_with, is_told="notified_at" in item)
