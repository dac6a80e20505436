from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.delivery import Plan, deliver
from ecom_platform.traffic.dirt import Dirt
from ecom_platform.traffic.manifest import DeliveredFile
from ecom_platform.traffic.people import People
from ecom_platform.traffic.rows import RowText

Generate = Callable[..., list[DeliveredFile]]


@pytest.fixture
def generate(tmp_path: Path) -> Generate:
    """Writes event files into a folder under `tmp_path` and returns what was delivered."""

    def write(
        folder: str,
        *,
        seed: int = 7,
        start: date = date(2026, 10, 26),
        end: date = date(2026, 10, 29),
        events_per_day: float = 2_000,
        days_per_file: int = 2,
        is_compressed: bool = False,
        dirt: float = 0.0,
        without: tuple[int, ...] = (),
        removal_share: float = 0.03,
    ) -> list[DeliveredFile]:
        people = People(
            seed=seed, events_per_day=events_per_day, removal_share=removal_share, without=without
        )
        plan = Plan(start=start, end=end, days_per_file=days_per_file, is_compressed=is_compressed)
        text = RowText(assortment(seed))
        return list(
            deliver(
                [people],
                text=text,
                plan=plan,
                dirt=Dirt(seed=seed, share=dirt),
                folder=tmp_path / folder,
            )
        )

    return write
