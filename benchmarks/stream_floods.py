"""Records of floods as files, each of so many events: one user, a crowd, many quick users, a fresh
identity a hit.

What does not belong here: draining them (`stream_drain`).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecom_platform.simulator.wire import wire_time

START_MS = 1_767_607_200_000
"""2026-01-05 10:00 UTC."""
PRODUCTS = 50_000
SEED = 11


@dataclass(frozen=True)
class Flood:
    """Who sends, and how many events a second all of them together; 0 users: a new one a hit."""

    name: str
    users: int
    rate: int


FRESH_IDENTITIES = Flood("fresh_identities", users=0, rate=500)
FLOODS = (
    Flood("crowd", users=2000, rate=1000),
    Flood("one_user", users=1, rate=1000),
    Flood("quick_users", users=300, rate=600),
    FRESH_IDENTITIES,
)


def write_flood(flood: Flood, count: int, path: Path) -> None:
    """Write so many records, evenly spaced, one JSON object a line."""
    chosen = np.random.default_rng(SEED)
    products = 1_000_000 + chosen.integers(0, PRODUCTS, count)
    users = chosen.integers(0, flood.users, count) if flood.users else np.arange(count)
    kinds = chosen.choice(["view", "cart", "purchase"], count, p=[0.94, 0.04, 0.02])
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            user, product = 500_000_000 + int(users[number]), int(products[number])
            event = {
                "event_id": f"{flood.name}-{number}",
                "event_time": wire_time(START_MS + number * 1000 // flood.rate),
                "event_type": str(kinds[number]),
                "product_id": product,
                "category_id": 2_053_013_552_326_770_905 + product % 97,
                "category_code": "appliances.environment.water_heater",
                "brand": "aqua",
                "price": f"{product % 900}.99",
                "user_id": user,
                "user_session": f"{user:08d}-8bb3-4e00-8c23-a032dfed738c",
            }
            file.write(json.dumps(event) + "\n")
