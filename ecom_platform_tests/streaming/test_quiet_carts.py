"""What a quiet cart is on the wire, what is left in it, and what goes with it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from cart_recommender.affinities import best
from cart_recommender.quiet_carts import QuietCart, parse_quiet_cart
from common.wire_fields import MalformedRecordError

from ecom_platform_tests.streaming.conftest import sample


def parsed(**changes: object) -> QuietCart:
    return parse_quiet_cart(
        json.dumps({**sample("cart_recommender", "quiet_cart"), **changes}).encode()
    )


def item(product_id: int, **others: str) -> dict[str, Any]:
    """What is known of a product: `p7="0.5"` says that product 7 was there half of the time."""
    found = [
        {"product_id": Decimal(name.removeprefix("p")), "confidence": Decimal(value)}
        for name, value in others.items()
    ]
    return {"product_id": Decimal(product_id), "others": found}


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ("1767323045678+1", (1,)),
        ("1767323045678+1 1767323045679+2", (2, 1)),
        ("1767323045679+2 1767323045678+1", (2, 1)),
        ("1767323045678+1 1767323045679-1", ()),
        ("1767323045679-1 1767323045678+1", ()),
        ("1767323045678+1 1767323045679$1", ()),
        ("1767323045678-1 1767323045679+1", (1,)),
        # At the same moment the cart is taken to be empty: nobody is told too much.
        ("1767323045678+1 1767323045678-1", ()),
        ("1767323045678+1 1767323045678+1", (1,)),
        ("1767323045678+9223372036854775807", (9_223_372_036_854_775_807,)),
    ],
)
def test_last_change_of_a_product_says_whether_it_is_left(
    changes: str, left: tuple[int, ...]
) -> None:
    assert parsed(cart_changes=changes).product_ids == left


def test_id_of_a_trigger_is_that_of_its_session() -> None:
    assert parsed(user_session="s").trigger_id == "541312140#s"


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": "1"},
        {"user_id": -1},
        {"user_id": True},
        {"user_session": ""},
        {"user_session": None},
        {"last_event_at": "2026-01-02 03:04:05"},
        {"last_event_at": "2026-13-02T03:04:05.678Z"},
        {"cart_changes": ""},
        {"cart_changes": "1767323045678*1"},
        {"cart_changes": "176732304567+1"},
        {"cart_changes": "1767323045678+1  1767323045678+2"},
    ],
)
def test_what_breaks_the_contract_is_refused_by_its_field(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedRecordError, match=next(iter(changes))):
        parsed(**changes)


@pytest.mark.parametrize("data", [b"not json", b"[1]", b"\xff"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRecordError, match="record"):
        parse_quiet_cart(data)


def test_three_go_with_a_cart_those_first_that_were_there_most() -> None:
    known = [item(1, p7="0.5", p8="0.4", p9="0.1", p10="0.2"), item(2, p9="0.45", p2="0.9")]
    assert best([1, 2], known) == (9, 7, 8)


def test_what_is_in_the_cart_is_not_offered_and_equals_go_by_their_number() -> None:
    assert best([1, 7], [item(1, p7="0.9", p9="0.2", p8="0.2")]) == (8, 9)
    assert best([1], []) == ()
