"""The table that says what goes with a product, written from `marts/product_affinity`."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from ecom_platform.resources.aws import dynamodb_table


class AffinityTable(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One item a product, under the role of the batch."""

    table: str
    profile: str | None = None

    def put(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Put items in the place of those of the same product."""
        with dynamodb_table(self.profile, self.table).batch_writer() as writer:
            for item in items:
                writer.put_item(Item=dict(item))
