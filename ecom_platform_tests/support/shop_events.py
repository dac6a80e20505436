"""Seeded events of people and of attackers for the tests and for the throughput benchmark."""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 1, 2, 3, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """One event on the wire."""

    event_id: str
    event_time: str
    event_type: str
    product_id: int
    category_id: int
    category_code: str | None
    brand: str | None
    price: str
    user_id: int
    user_session: str | None


def wire_time(moment: datetime) -> str:
    """Return ISO 8601 UTC with milliseconds and `Z`."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )


class Shop:
    """Makes events; the seed decides everything."""

    def __init__(self, seed: int, start: datetime = START) -> None:
        self.random = random.Random(seed)
        self.start = start

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def event(
        self,
        second: float,
        user_id: int,
        event_type: str = "view",
        product_id: int | None = None,
        session: str | None = None,
    ) -> Event:
        product = product_id or self.random.randrange(1_000_000, 1_050_000)
        return Event(
            event_id=self.uuid(),
            event_time=wire_time(self.start + timedelta(milliseconds=round(second * 1000))),
            event_type=event_type,
            product_id=product,
            category_id=2_053_013_552_326_770_905 + product % 97,
            category_code="appliances.environment.water_heater" if product % 3 else None,
            brand="aqua" if product % 4 else None,
            price=f"{product % 900 + 0.99:.2f}",
            user_id=user_id,
            user_session=session or f"{user_id:08d}-8bb3-4e00-8c23-a032dfed738c",
        )

    def person(self, user_id: int, start: float, end: float) -> Iterator[Event]:
        """Looks around at a person's pace, sometimes fills a cart, sometimes buys."""
        second = start
        while (second := second + self.random.lognormvariate(2.3, 1.0)) < end:
            kind = self.random.choices(
                ["view", "cart", "remove_from_cart", "purchase"], [94, 3, 0.5, 2.5]
            )[0]
            yield self.event(second, user_id, kind)

    def paced(
        self,
        user_id: int,
        start: float,
        count: int,
        gap: float,
        jitter: float = 0.1,
        kinds: tuple[str, ...] = ("view",),
        products: int | None = None,
    ) -> Iterator[Event]:
        """Acts by a timer: one event every `gap` seconds, give or take `jitter`."""
        second = start
        for number in range(count):
            product = 1_000_000 + number % products if products else 1_000_000 + number
            yield self.event(second, user_id, kinds[number % len(kinds)], product)
            second += gap * self.random.uniform(1 - jitter, 1 + jitter)


def write_lines(path: Path, events: list[Event]) -> None:
    """Write events as JSON lines in the order of their times."""
    with path.open("w", encoding="utf-8") as file:
        for event in sorted(events, key=lambda event: event.event_time):
            file.write(json.dumps(asdict(event)) + "\n")


def mixed_traffic(seed: int, seconds: int, people: int, attackers: int) -> list[Event]:
    """People at all times and attackers of every kind."""
    shop = Shop(seed)
    events: list[Event] = []
    for person in range(people):
        start = shop.random.uniform(-300, seconds)
        events += shop.person(500_000_000 + person, max(start, 0), min(start + 300, seconds))
    makers = [
        lambda user, at: shop.paced(user, at, 400, 0.1, 0.9),
        lambda user, at: shop.paced(user, at, 60, 8.0, 0.1, products=5),
        lambda user, at: shop.paced(user, at, 200, 2.0, 0.8),
        lambda user, at: shop.paced(user, at, 60, 6.0, 0.7, kinds=("cart", "view")),
        lambda user, at: shop.paced(user, at, 60, 1.0, 0.7, kinds=("purchase",)),
    ]
    for attacker in range(attackers):
        user = 900_000_000 + attacker
        events += makers[attacker % len(makers)](user, shop.random.uniform(0, seconds * 0.8))
    return events
