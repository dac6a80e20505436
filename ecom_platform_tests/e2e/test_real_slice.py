"""The real slice from the raw object to the marts, against figures that others computed."""

import gzip
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from ecom_platform.batch import Batch
from ecom_platform_tests.support.tables import all_marts, check_conservation, one, rows

TakeIn = Callable[..., dict[str, str]]


def test_real_slice_gives_the_published_figures(
    batch: Batch, take_in: TakeIn, real_slice: Path
) -> None:
    assert take_in(real_slice) == {}

    assert rows(batch, "lake", "bot_verdicts") == [], "no rule calls one of its people a bot"
    visitors = one(batch, "marts", "daily_visitors")
    assert visitors == {
        "audience": "all",
        "visitor_count": 4504,
        "session_count": 5067,
        "event_count": 17434,
        "view_count": 17055,
        "cart_count": 165,
        "remove_from_cart_count": 0,
        "purchase_count": 214,
        "buyer_count": 193,
        "revenue_amount": Decimal("59442.63"),
        "events_without_session_count": 0,
        "is_partial": False,
    }
    carts = one(batch, "marts", "daily_cart_abandonment")
    assert carts["cart_session_count"] == 118
    assert carts["converted_session_count"] == 65
    assert carts["emptied_session_count"] == 0
    assert carts["abandoned_session_count"] == 53
    assert carts["abandonment_rate"] == 53 / 118
    assert carts["is_mature"] is False
    query = "select is_session_converted from {table} where audience = 'all'"
    left = rows(batch, "marts", "abandoned_carts", query)
    assert (len(left), sum(1 for (converted,) in left if not converted)) == (58, 53)
    funnel = one(batch, "marts", "daily_funnel")
    assert funnel["purchase_without_cart_session_count"] == 135
    _check_quarantine(batch)
    _check_metadata(batch, visitors)
    check_conservation(batch)


@pytest.mark.slow
def test_real_slice_in_halves_shuffled_or_packed_gives_the_same_marts(
    batch: Batch, take_in: TakeIn, real_slice: Path, tmp_path: Path
) -> None:
    lines = real_slice.read_bytes().splitlines(keepends=True)
    half, shuffled = len(lines) // 2, lines[1:-1]
    random.Random(1).shuffle(shuffled)
    steps = {
        "first.csv": lines[:half],
        "second.csv": [lines[0], *lines[half:]],
        "shuffled.csv": [lines[0], *shuffled, lines[-1]],
        "packed.csv.gz": lines,
        "again.csv": lines,
    }
    seen = []
    for name, content in steps.items():
        data = b"".join(content)
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        take_in(tmp_path / name)
        check_conservation(batch)
        seen.append(all_marts(batch))
    assert [mart[0][3] for mart in (found["daily_visitors"] for found in seen)][1:] == [17434] * 4
    assert all(found == seen[1] for found in seen[1:])


def _check_quarantine(batch: Batch) -> None:
    found = one(batch, "lake", "quarantined_events")
    assert found["line_number"] == 17436
    assert found["reason"] == "malformed_row"
    assert found["line_text"] == (
        "2019-10-01 02:50:00 UTC,view,10900305,2053013555069845885,"
        "appliances.kitchen.mixer,elenberg,25.71,52040330"
    )


def _check_metadata(batch: Batch, visitors: dict[str, object]) -> None:
    """The figures of the mart stand in the metadata of its materialization too."""
    key = dg.AssetKey(["marts", "daily_visitors"])
    event = batch.instance.get_latest_materialization_event(key)
    assert event is not None
    assert event.asset_materialization is not None
    shown = event.asset_materialization.metadata["preview"]
    assert isinstance(shown, dg.TableMetadataValue)
    record = shown.records[0].data
    assert record["visitor_count"] == visitors["visitor_count"]
    assert record["revenue_amount"] == str(visitors["revenue_amount"])
