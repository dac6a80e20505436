"""People whose traffic looks unusual and must raise no alarm: a flash sale, an office behind one
account, a person who compares prices fast.

Ordinary visitors are `visitors`; what attackers do belongs to `attackers`.
"""

import numpy as np

from ecom_platform.simulator.cast import Act, Part, Rhythm
from ecom_platform.simulator.rhythm import times
from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.events import Events, Kind, joined
from ecom_platform.traffic.randomness import Floats, Ints, Keys, children, drawn, field, unit
from ecom_platform.traffic.sessions import Sessions
from ecom_platform.traffic.visits import Visits

_MOST_LOOKS = 3
_SALE_BUYING_SHARE, _SALE_CART_SHARE = 0.5, 0.7
_SALE_RATE = 1 / 12
_MEMBER_SESSION_SECONDS = 240
_COMPARED_PRODUCTS = 12


def flash_sale(part: Part, *, seed: int, origin_ms: int) -> Act:
    """Many people come for one product, most at the start; half of them buy it, at their pace."""
    product = int(np.flatnonzero(assortment(seed).price > 0)[part.block])
    start_ms = origin_ms + round(part.start_seconds * 1000)

    def visitor(key: Keys, user_id: int) -> Events:
        kind = _sale_steps(key)
        seconds = part.duration_seconds
        arrives = seconds * float(unit(drawn(key, "arrives"))[0]) ** 2
        at = times(key, rate=_SALE_RATE, seconds=seconds, rhythm=Rhythm.PERSON)[: len(kind)]
        return _one_session(
            time_ms=start_ms + int(arrives * 1000) + at,
            kind=kind[: len(at)],
            product=np.full(len(at), product),
            user_id=user_id,
            key=key,
        )

    def act(actor: int) -> Events:
        keys = children(part.key(seed=seed, actor=actor), np.arange(part.users))
        return joined([visitor(keys[u : u + 1], part.user_id(actor, u)) for u in range(part.users)])

    return act


def _sale_steps(key: Keys) -> Ints:
    looks = 1 + int(field(drawn(key, "looks"), low=0, width=16)[0]) % _MOST_LOOKS
    buys = float(unit(drawn(key, "buys"))[0]) < _SALE_BUYING_SHARE
    carts = float(unit(drawn(key, "carts"))[0]) < _SALE_CART_SHARE
    return np.array([Kind.VIEW] * looks + [Kind.CART] * (buys and carts) + [Kind.PURCHASE] * buys)


def office_account(
    part: Part,
    *,
    members: int,
    seed: int,
    origin_ms: int,
    rest_seconds: int = _MEMBER_SESSION_SECONDS,
) -> Act:
    """Several people's ordinary sessions under one user id, each member one session after another
    with some rest between: one in `rest_seconds`.
    """
    sessions = Sessions(seed=seed)
    start_ms = origin_ms + round(part.start_seconds * 1000)
    rounds = int(part.duration_seconds // rest_seconds) + 1

    def act(actor: int) -> Events:
        member = np.repeat(np.arange(members), rounds)
        key = children(part.key(seed=seed, actor=actor), np.arange(len(member)))
        offset: Floats = unit(drawn(key, "begins")) * rest_seconds
        nth = np.tile(np.arange(rounds), members)
        begins = start_ms + ((nth * rest_seconds + offset) * 1000).astype(np.int64)
        visits = Visits(person=member, key=key, start_ms=begins)
        users = np.full(len(member), part.user_id(actor, 0), dtype=np.int64)
        return sessions.events(visits, users=users)

    return act


def price_comparison(part: Part, *, seed: int, origin_ms: int) -> Act:
    """Goes to and fro between a dozen neighbouring products, fast; takes one of them in the end."""
    priced = np.flatnonzero(assortment(seed).price > 0)
    start_ms = origin_ms + round(part.start_seconds * 1000)

    def act(actor: int) -> Events:
        key = part.key(seed=seed, actor=actor)
        at = times(key, rate=part.rate, seconds=part.duration_seconds, rhythm=part.rhythm)
        first = int(field(drawn(key, "place"), low=0, width=32)[0])
        place = field(children(drawn(key, "turn"), np.arange(len(at))), low=0, width=16)
        kind = np.full(len(at), Kind.VIEW)
        kind[-2:] = [Kind.CART, Kind.PURCHASE][-len(at) :] if len(at) else []
        place[-2:] = 0
        return _one_session(
            time_ms=start_ms + at,
            kind=kind,
            product=priced[(first + place % _COMPARED_PRODUCTS) % len(priced)],
            user_id=part.user_id(actor, 0),
            key=key,
        )

    return act


def _one_session(*, time_ms: Ints, kind: Ints, product: Ints, user_id: int, key: Keys) -> Events:
    count = len(time_ms)
    return Events(
        time_ms=time_ms,
        kind=kind.astype(np.uint8),
        product=product.astype(np.int32),
        user=np.full(count, user_id, dtype=np.int64),
        session=np.repeat(drawn(key, "session"), count),
    )
