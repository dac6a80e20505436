"""What goes with a cart, from the table that `marts/product_affinity` is served from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource

SHOWN = 3
MOST_TRIES = 5


class UnreadAffinitiesError(RuntimeError):
    """DynamoDB did not give all items at once; Lambda delivers the record again."""


class Affinities:
    def __init__(self, dynamodb: "DynamoDBServiceResource", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of(self, product_ids: Sequence[int]) -> tuple[int, ...]:
        """The three products that go best with those of a cart; fewer where little is known."""
        return best(product_ids, self._items(product_ids))

    def _items(self, product_ids: Sequence[int]) -> list[dict[str, Any]]:
        request: Any = {self._table: {"Keys": [{"product_id": one} for one in product_ids]}}
        items: list[dict[str, Any]] = []
        for _ in range(MOST_TRIES):
            answer = self._dynamodb.batch_get_item(RequestItems=request)
            items += answer["Responses"][self._table]
            request = answer["UnprocessedKeys"]
            if not request:
                return items
        raise UnreadAffinitiesError(f"{self._table} left {request} unread")


def best(product_ids: Sequence[int], items: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """By the sum of how often each was there when a product of the cart was; never one of those."""
    confidences: dict[int, float] = {}
    for item in items:
        for other in item["others"]:
            product_id = int(other["product_id"])
            if product_id not in product_ids:
                known = confidences.get(product_id, 0.0)
                confidences[product_id] = known + float(other["confidence"])
    ordered = sorted(confidences, key=lambda one: (-confidences[one], one))
    return tuple(ordered[:SHOWN])
