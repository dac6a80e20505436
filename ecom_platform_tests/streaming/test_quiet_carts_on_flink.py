"""Sessions that go quiet with a changed cart, on Flink: once a pause, and nobody else."""

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from cart_recommender.quiet_carts import parse_quiet_cart
from common.canary import USER_ID

from ecom_platform_tests.support import flink as engines
from ecom_platform_tests.support import shop_events as traffic

pytestmark = [pytest.mark.stream, pytest.mark.usefixtures("flink")]

QUIET_MS = 60_000
LEFT, LOOKED, BOUGHT, EMPTIED, BUSY, SHARED, LATE = range(11, 18)


def test_each_pause_of_a_session_with_a_changed_cart_is_told_once(tmp_path: Path) -> None:
    shop = traffic.Shop(4)

    def event(ms: int, user: int, kind: str, product: int = 1) -> traffic.Event:
        return shop.event(ms / 1000, user, kind, product)

    rows = [
        # Two products are left; the second pause begins with a look, and is not told.
        event(0, LEFT, "cart", 5),
        event(500, LEFT, "cart", 22),
        event(600, LEFT, "cart", 7),
        event(700, LEFT, "remove_from_cart", 7),
        event(59_700, LEFT, "view", 9),
        event(59_700 + QUIET_MS + 1, LEFT, "view", 9),
        # Only looked; bought all; took all out: the last two are told, and nothing is left in them.
        event(100, LOOKED, "view"),
        event(100, BOUGHT, "cart"),
        event(200, BOUGHT, "purchase"),
        event(100, EMPTIED, "cart"),
        event(200, EMPTIED, "remove_from_cart"),
        # Never quiet but at the end: a pause must be longer than that.
        event(100, BUSY, "cart", 3),
        event(100 + QUIET_MS, BUSY, "view"),
        event(100 + 2 * QUIET_MS, BUSY, "cart", 4),
        # Of products that share a place the last change is told.
        event(100, SHARED, "cart", 1),
        event(200, SHARED, "cart", 17),
        event(300, USER_ID, "cart"),
        event(400_000, LATE, "view"),
    ]
    twice = sorted([*rows, rows[0]], key=lambda one: one.event_time)
    source = tmp_path / "events.jsonl"
    source.write_text("".join(json.dumps(asdict(one)) + "\n" for one in twice))
    groups = engines.file_properties(source, tmp_path)
    groups["quiet_carts"]["quiet_seconds"] = str(QUIET_MS // 1000)

    run = engines.run_flink(groups, tmp_path)

    found = [parse_quiet_cart(json.dumps(row).encode()) for row in run.rows["quiet_carts"]]
    told = sorted((int(one.user_id), one.product_ids) for one in found)
    assert told == [(LEFT, (22, 5)), (BOUGHT, ()), (EMPTIED, ()), (BUSY, (4, 3)), (SHARED, (17,))]
    last = {int(one.user_id): one.last_event_at - traffic.START for one in found}
    assert last[LEFT] == timedelta(milliseconds=59_700)
    assert last[BUSY] == timedelta(milliseconds=120_100)
    products = {row["user_id"]: row["last_product_id"] for row in run.rows["user_sessions"]}
    assert products[BUSY] == 4
