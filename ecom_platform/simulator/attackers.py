"""What attackers do: scraping, hoarding, checking out, flooding, crawling.

How fast, how many and for how long is told by the part; what people do belongs to `controls`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecom_platform.simulator.cast import Act, Part
from ecom_platform.simulator.rhythm import times
from ecom_platform.traffic.assortment import assortment
from ecom_platform.traffic.events import Events, Kind, joined
from ecom_platform.traffic.randomness import Ints, Keys, children, drawn, field

_CRAWLED_PRODUCTS = 40
_FLOODED_PRODUCTS = 5
_SCARCE_PRODUCTS = 2


@dataclass(frozen=True, kw_only=True)
class Moves:
    """Kinds and products of one user's events."""

    kind: NDArray[np.uint8]
    place: Ints
    """Distance of the product from where the user begins, counted over products with a price."""


Behaviour = Callable[[Keys, Ints], Moves]
"""From a user's key and the numbers of his events to what he does."""


def scrape(_: Keys, nth: Ints) -> Moves:
    """Walks along the catalog and looks at each product once."""
    return Moves(kind=_repeated(nth, Kind.VIEW), place=nth)


def hoard(_: Keys, nth: Ints) -> Moves:
    """Looks at a product, puts it into the cart, goes on to the next; never buys."""
    return Moves(kind=_repeated(nth, Kind.VIEW, Kind.CART), place=nth // 2)


def check_out(_: Keys, nth: Ints) -> Moves:
    """Carts and buys the same few scarce products again and again."""
    return Moves(kind=_repeated(nth, Kind.CART, Kind.PURCHASE), place=nth // 2 % _SCARCE_PRODUCTS)


def flood(key: Keys, nth: Ints) -> Moves:
    """Loads a handful of pages in no order."""
    bits = field(children(drawn(key, "page"), nth), low=0, width=16)
    return Moves(kind=_repeated(nth, Kind.VIEW), place=bits % _FLOODED_PRODUCTS)


def crawl(_: Keys, nth: Ints) -> Moves:
    """Watches the same products in turn, as a price monitor does."""
    return Moves(kind=_repeated(nth, Kind.VIEW), place=nth % _CRAWLED_PRODUCTS)


def paced(part: Part, behaviour: Behaviour, *, seed: int, origin_ms: int) -> Act:
    """Actors who show one behaviour at the rate and rhythm of their part."""
    priced = np.flatnonzero(assortment(seed).price > 0)
    start_ms = origin_ms + round(part.start_seconds * 1000)

    def user_events(user_key: Keys, user_id: int) -> Events:
        at = times(
            user_key,
            rate=part.rate / part.users,
            seconds=part.duration_seconds,
            rhythm=part.rhythm,
            jitter=part.jitter,
        )
        nth = np.arange(len(at))
        moves = behaviour(user_key, nth)
        first = int(field(drawn(user_key, "place"), low=0, width=32)[0])
        session = nth // part.events_per_session if part.events_per_session else nth * 0
        return Events(
            time_ms=start_ms + at,
            kind=moves.kind,
            product=priced[(first + moves.place) % len(priced)].astype(np.int32),
            user=np.full(len(at), user_id, dtype=np.int64),
            session=children(drawn(user_key, "session"), session),
        )

    def act(actor: int) -> Events:
        keys = children(part.key(seed=seed, actor=actor), np.arange(part.users))
        return joined(
            [user_events(keys[u : u + 1], part.user_id(actor, u)) for u in range(part.users)]
        )

    return act


def _repeated(nth: Ints, *kinds: Kind) -> NDArray[np.uint8]:
    return np.array(kinds, dtype=np.uint8)[nth % len(kinds)]
