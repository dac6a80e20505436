"""Serving what goes with a product: the last Sunday of its mart as items of a table.

What does not belong here: how it is counted (`marts/sql/product_affinity.sql`), and who asks.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ecom_platform.contracts.buyer_marts import PRODUCT_AFFINITY
from ecom_platform.resources.affinity_table import AffinityTable
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

MOST_OTHERS = 10
KEPT = timedelta(days=35)
"""From when it was served: a product that lost its place in the mart is forgotten after that."""
SERVED = f"""
select
    product_id,
    list(other_product_id order by place) as others,
    list(confidence order by place) as confidences
from (
    -- What was bought together says more than what was looked at together.
    select
        product_id,
        other_product_id,
        max_by(confidence, event_type = 'purchase') as confidence,
        row_number() over (
            partition by product_id
            order by
                max(event_type = 'purchase') desc,
                max_by(affinity_rank, event_type = 'purchase'),
                other_product_id
        ) as place
    from marts.product_affinity
    group by product_id, other_product_id
)
where place <= {MOST_OTHERS}
group by product_id
order by product_id
"""


def serve_affinities(
    tables: TableStore, engine: QueryEngine, table: AffinityTable
) -> tuple[date | None, int]:
    """Put the newest rows of the mart into the table; returns their day and how many products."""
    parts = [part for part in tables.catalog.partitions(PRODUCT_AFFINITY) if part.row_count]
    if not parts:
        return None, 0
    newest = max(parts, key=lambda part: part.values[0])
    day = date.fromisoformat(newest.values[0])
    with engine.lake_workspace() as (connection, _):
        engine.show(connection, {PRODUCT_AFFINITY: [newest]})
        rows = connection.execute(SERVED).fetchall()
    table.put(_items(rows, day))
    return day, len(rows)


def _items(rows: list[tuple[Any, ...]], day: date) -> Iterator[dict[str, Any]]:
    expires_at = int((datetime.now(UTC) + KEPT).timestamp())
    for product_id, others, confidences in rows:
        yield {
            "product_id": product_id,
            "as_of": str(day),
            "others": [
                {"product_id": other, "confidence": Decimal(f"{confidence:.4f}")}
                for other, confidence in zip(others, confidences, strict=True)
            ],
            "expires_at": expires_at,
        }
