"""What goes with a product, from its mart to the table where the functions look it up."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pyarrow as pa
import pytest

from ecom_platform.batch import Batch
from ecom_platform.contracts.buyer_marts import PRODUCT_AFFINITY
from ecom_platform.resources.table_store import Draft
from ecom_platform.settings import Settings
from ecom_platform.tables.parquet import arrow_schema, write_table
from ecom_platform_tests.support.clouds import local_cloud
from infra.deploy import deploy

SUNDAYS = (date(2026, 1, 4), date(2026, 1, 11))
TUESDAY = date(2026, 1, 13)


def row(event_type: str, product_id: int, other: int, rank: int, confidence: float) -> Any:
    figures = {"session_count": 5, "support": 0.1, "confidence": confidence, "lift": 1.0}
    names = {"category_code": "a", "brand": "b", "event_date": SUNDAYS[1]}
    pair = {"event_type": event_type, "product_id": product_id, "other_product_id": other}
    return {**pair, **figures, **names, "affinity_rank": rank}


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[Batch]:
    with local_cloud(tmp_path) as cloud, pytest.MonkeyPatch.context() as patch:
        deploy("local")
        for name, value in cloud.installation().items():
            patch.setenv(name, value)
        with dg.DagsterInstance.ephemeral() as instance:
            found = Batch.of(Settings.from_environment(), instance, say=lambda _: None)
            found.prepare_catalog()
            yield found


def publish(batch: Batch, folder: Path, day: date, rows: list[Any]) -> None:
    table = pa.Table.from_pylist(rows, schema=arrow_schema(PRODUCT_AFFINITY.all_columns))
    written = write_table(table, folder / f"{day}.parquet")
    placed = batch.tables.upload(PRODUCT_AFFINITY, [((str(day),), written)])
    batch.tables.publish(PRODUCT_AFFINITY, [Draft(str(day), tuple(placed), {})])


def test_last_sunday_is_served_purchases_before_looks(batch: Batch, tmp_path: Path) -> None:
    batch.serve()
    publish(batch, tmp_path, SUNDAYS[0], [row("view", 9, 8, 1, 0.9)])
    views = [row("view", 1, 100 + rank, rank, 0.5) for rank in range(1, 12)]
    publish(
        batch,
        tmp_path,
        SUNDAYS[1],
        [*views, row("purchase", 1, 101, 2, 0.2), row("purchase", 1, 200, 1, 0.25)],
    )
    publish(batch, tmp_path, TUESDAY, [])

    batch.serve()

    item: Any
    (item,) = boto3.resource("dynamodb").Table("ecom-product-affinity").scan()["Items"]
    assert (item["product_id"], item["as_of"]) == (1, str(SUNDAYS[1]))
    found = [(int(one["product_id"]), float(one["confidence"])) for one in item["others"]]
    assert found[:3] == [(200, 0.25), (101, 0.2), (102, 0.5)]
    assert len(found) == 10
