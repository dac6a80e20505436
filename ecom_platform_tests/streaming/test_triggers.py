"""A quiet cart is told once, never of a bot, while it matters: on real tables and a real topic."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from cart_recommender.affinities import Affinities
from cart_recommender.quiet_cart_table import QuietCartTable
from cart_recommender.quiet_carts import QuietCart
from cart_recommender.triggers import Triggers
from common.wire_time import to_wire_time

from ecom_platform_tests.streaming.conftest import sample
from ecom_platform_tests.streaming.test_delivery import put, set_aside
from ecom_platform_tests.support.inbox import QUIET_CARTS_ARN, Inbox
from ecom_platform_tests.support.waiting import eventually

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
LATEST = timedelta(hours=1)


@pytest.fixture(scope="module", autouse=True)
def affinities(deployed: str) -> None:
    table = boto3.resource("dynamodb").Table("ecom-product-affinity")
    others = [{"product_id": n, "confidence": Decimal("0.5")} for n in (101, 102, 103, 104)]
    table.put_item(Item={"product_id": 100, "others": others})


@pytest.fixture
def told(deployed: str) -> Inbox:
    return Inbox.opened(QUIET_CARTS_ARN)


@pytest.fixture
def cart() -> QuietCart:
    """A cart of somebody new."""
    user = str(uuid.uuid4().int % 10**12)
    return QuietCart(user, str(uuid.uuid4()), NOW - timedelta(minutes=15), (100,))


def triggers(now: datetime = NOW) -> Triggers:
    dynamodb = boto3.resource("dynamodb")
    return Triggers(
        table=QuietCartTable(dynamodb.Table("ecom-quiet-carts"), retention_days=30),
        affinities=Affinities(dynamodb, "ecom-product-affinity"),
        alerts=dynamodb.Table("ecom-alerts"),
        sns=boto3.client("sns"),
        topic_arn=QUIET_CARTS_ARN,
        latest=LATEST,
        now=lambda: now,
    )


def alert_of(cart: QuietCart, last_crossed_at: datetime) -> None:
    boto3.resource("dynamodb").Table("ecom-alerts").put_item(
        Item={
            "entity": f"user#{cart.user_id}",
            "alert": f"user_flood#{last_crossed_at}",
            "last_crossed_at": to_wire_time(last_crossed_at),
        }
    )


def item_of(cart: QuietCart) -> dict[str, Any] | None:
    key = {"user_id": cart.user_id, "user_session": cart.user_session}
    return boto3.resource("dynamodb").Table("ecom-quiet-carts").get_item(Key=key).get("Item")


def messages(told: Inbox, cart: QuietCart) -> list[dict[str, Any]]:
    return [one for one in told.messages(wait_seconds=1) if one["user_id"] == cart.user_id]


def test_cart_is_told_once_with_three_products_that_go_with_it(
    told: Inbox, cart: QuietCart
) -> None:
    assert triggers().record(cart) == "told"
    assert triggers().record(replace(cart, product_ids=(7,))) == "duplicate"
    [message] = messages(told, cart)
    assert message == {
        "trigger_id": cart.trigger_id,
        "user_id": cart.user_id,
        "user_session": cart.user_session,
        "last_event_at": "2026-01-05T11:45:00.000Z",
        "product_ids": [100],
        "goes_with": [101, 102, 103],
    }
    item = item_of(cart)
    assert item
    assert (item["goes_with"], item["notified_at"]) == ([101, 102, 103], "2026-01-05T12:00:00.000Z")
    assert item["expires_at"] == int((cart.last_event_at + timedelta(days=30)).timestamp())


def test_empty_cart_is_not_told(told: Inbox, cart: QuietCart) -> None:
    assert triggers().record(replace(cart, product_ids=())) == "empty"
    assert messages(told, cart) == []
    assert item_of(cart) is None


@pytest.mark.parametrize(("seconds", "outcome"), [(0, "told"), (1, "too_late")])
def test_cart_is_told_while_it_matters(cart: QuietCart, seconds: int, outcome: str) -> None:
    now = cart.last_event_at + LATEST + timedelta(seconds=seconds)
    assert triggers(now).record(cart) == outcome


@pytest.mark.parametrize(
    ("before", "outcome"),
    [(timedelta(days=1), "bot"), (timedelta(days=1, milliseconds=1), "told")],
)
def test_who_had_an_alert_within_a_day_is_not_spoken_to(
    cart: QuietCart, before: timedelta, outcome: str
) -> None:
    alert_of(cart, cart.last_event_at - before)
    assert triggers().record(cart) == outcome


def test_crash_before_the_message_loses_nothing_and_one_behind_it_tells_the_same_again(
    told: Inbox, cart: QuietCart
) -> None:
    class Broken:
        """Dies where a crash would."""

        def publish(self, **_: object) -> None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        replace(triggers(), sns=Broken()).record(cart)  # type: ignore[arg-type]
    assert messages(told, cart) == []
    # A crash between the message and its mark: the mark is not there.
    assert triggers().record(cart) == "told"
    boto3.resource("dynamodb").Table("ecom-quiet-carts").update_item(
        Key={"user_id": cart.user_id, "user_session": cart.user_session},
        UpdateExpression="remove notified_at",
    )
    assert triggers().record(replace(cart, product_ids=(7,))) == "told"
    found = messages(told, cart)
    assert len(found) == 2
    assert found[0] == found[1]


@pytest.mark.usefixtures("poller")
def test_deployed_function_tells_a_quiet_cart_and_sets_poison_aside(told: Inbox) -> None:
    session = str(uuid.uuid4())
    now = datetime.now(UTC)
    record = {
        **sample("cart_recommender", "quiet_cart"),
        "user_session": session,
        "last_event_at": to_wire_time(now),
        "cart_changes": f"{int(now.timestamp() * 1000)}+100",
    }
    lines = [json.dumps(record).encode(), b"poison"]
    numbers = put("quiet-carts", lines, key=session)
    assert eventually(lambda: set_aside("cart_recommender", numbers))

    def found() -> list[dict[str, Any]]:
        return [one for one in told.messages() if one["user_session"] == session]

    [message] = eventually(found)
    assert message["goes_with"] == [101, 102, 103]
