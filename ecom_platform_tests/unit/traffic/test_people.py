import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.events import Events, Kind
from ecom_platform.traffic.people import People
from ecom_platform.traffic.timeline import days
from ecom_platform_tests.unit.traffic.conftest import Generate


def _rows(folder: Path) -> list[bytes]:
    return [
        line
        for file in sorted(folder.glob("events_*.csv"))
        for line in file.read_bytes().splitlines()[1:]
    ]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def _busiest(people: People, day: int) -> tuple[int, int]:
    """The user with most events of a day, and the number from 0 of that person."""
    users, counts = np.unique(people.begun_on(day).user, return_counts=True)
    user = int(users[counts.argmax()])
    numbers = people.user_ids(np.arange(20_000))
    return user, int(np.flatnonzero(numbers == user)[0])


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    tmp_path: Path, generate: Generate
) -> None:
    for folder, seed in (("a", 7), ("b", 7), ("c", 8)):
        generate(folder, seed=seed, dirt=0.01)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert not set(_rows(tmp_path / "a")) & set(_rows(tmp_path / "c"))


@pytest.mark.parametrize("dirt", [0.0, 0.02])
def test_taking_one_person_out_removes_exactly_his_rows(
    tmp_path: Path, generate: Generate, dirt: float
) -> None:
    user, number = _busiest(People(seed=7, events_per_day=2_000), 20_753)
    generate("all", dirt=0.0)
    generate("fewer", dirt=0.0, without=(number,))
    kept = [row for row in _rows(tmp_path / "all") if row.split(b",")[7] != str(user).encode()]
    assert len(kept) < len(_rows(tmp_path / "all"))
    assert _rows(tmp_path / "fewer") == kept
    if dirt:
        generate("dirty", dirt=dirt)
        generate("fewer_dirty", dirt=dirt, without=(number,))
        late = "events_2026-10-29_late.csv"
        rows, fewer = (
            (tmp_path / f / late).read_bytes().splitlines() for f in ("dirty", "fewer_dirty")
        )
        assert fewer == [row for row in rows if str(user).encode() not in row]


def test_a_day_is_the_same_in_whatever_period_it_is_generated() -> None:
    people = People(seed=7, events_per_day=1_000)
    long = {
        d.date: d.events for d in days([people], start=date(2026, 10, 1), end=date(2026, 10, 9))
    }
    (short,) = days([people], start=date(2026, 10, 8), end=date(2026, 10, 8))
    assert _columns(short.events) == _columns(long[date(2026, 10, 8)])


def test_sessions_run_past_midnight_and_lose_no_event() -> None:
    people = People(seed=7, events_per_day=20_000)
    begun = people.begun_on(20_753)
    next_day = begun.time_ms >= 20_754 * 86_400_000
    assert 0 < next_day.sum() < len(begun) * 0.02
    (first, second, third) = days([people], start=date(2026, 10, 27), end=date(2026, 10, 29))
    found = sum(int(np.isin(d.events.session, begun.session).sum()) for d in (first, second, third))
    assert found == len(begun)


def test_events_of_a_day_are_in_time_order_and_inside_it() -> None:
    (day,) = days(
        [People(seed=7, events_per_day=5_000)], start=date(2026, 11, 1), end=date(2026, 11, 1)
    )
    first = date(2026, 11, 1).toordinal() - date(1970, 1, 1).toordinal()
    assert (np.diff(day.events.time_ms) >= 0).all()
    assert set((day.events.time_ms // 86_400_000).tolist()) == {first}


def test_products_without_a_price_are_only_viewed() -> None:
    shop, events = assortment(7), People(seed=7, events_per_day=60_000).begun_on(20_753)
    unpriced = shop.price[events.product] == 0
    assert unpriced.sum() > 20
    assert set(events.kind[unpriced].tolist()) == {int(Kind.VIEW)}


def test_removals_follow_a_cart_of_the_same_product_and_session() -> None:
    events = People(seed=7, events_per_day=60_000, removal_share=0.5).begun_on(20_753)
    carted: set[tuple[int, int]] = set()
    removed = 0
    for kind, product, session in zip(
        events.kind.tolist(), events.product.tolist(), events.session.tolist(), strict=True
    ):
        if kind == Kind.CART:
            carted.add((session, product))
        elif kind == Kind.REMOVE_FROM_CART:
            assert (session, product) in carted
            removed += 1
    assert removed > 300


def test_no_removals_when_their_share_is_zero() -> None:
    events = People(seed=7, events_per_day=20_000, removal_share=0.0).begun_on(20_753)
    assert Kind.REMOVE_FROM_CART not in set(events.kind.tolist())


def test_ids_have_the_published_form() -> None:
    shop, people = assortment(7), People(seed=7, events_per_day=1_000)
    assert len(np.unique(shop.product_id)) == len(shop.product_id) == 206_876
    assert {len(str(i)) for i in shop.product_id.tolist()} == {7, 8}
    assert {len(str(i)) for i in shop.category_id.tolist()} == {19}
    assert len(np.unique(shop.category_id)) == 691
    users = people.user_ids(np.arange(1_000_000))
    assert len(np.unique(users)) == 1_000_000
    assert (users.min() >= 500_000_000, users.max() < 580_000_000) == (True, True)


def test_a_product_keeps_its_category_brand_and_price(tmp_path: Path, generate: Generate) -> None:
    generate("out", events_per_day=10_000)
    seen: dict[bytes, bytes] = {}
    for row in _rows(tmp_path / "out"):
        _, _, product, rest = row.split(b",", 3)
        facts = rest.rsplit(b",", 2)[0]
        assert seen.setdefault(product, facts) == facts
    assert len(seen) > 5_000


def test_compressed_files_hold_the_same_bytes(tmp_path: Path, generate: Generate) -> None:
    generate("plain", dirt=0.01)
    generate("packed", dirt=0.01, is_compressed=True)
    plain = {
        f"{name}.gz": content
        for name, content in _bytes(tmp_path / "plain").items()
        if "csv" in name
    }
    packed = {
        name: gzip.decompress(c) for name, c in _bytes(tmp_path / "packed").items() if "csv" in name
    }
    assert packed == plain


def _columns(events: Events) -> list[list[int]]:
    return [column.tolist() for column in vars(events).values()]
