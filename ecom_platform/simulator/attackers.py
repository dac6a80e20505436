"""What attackers do, under one identity or many: scraping, hoarding, checking out, flooding,
crawling, each with its camouflage.

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
_WATCHED_PRODUCTS = 8
_DECOY_CART, _DECOY_PURCHASE, _RETURN, _ONE_PURCHASE = 30, 60, 5, 50
"""One event in so many."""


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


def scrape_anywhere(key: Keys, nth: Ints) -> Moves:
    """Looks at products from all over the catalog."""
    return Moves(kind=_repeated(nth, Kind.VIEW), place=_anywhere(key, nth))


def scrape_with_decoys(key: Keys, nth: Ints) -> Moves:
    """Scrapes, carts one product in 30 and buys one in 60."""
    carts = _ends(nth, _DECOY_CART)
    kind = np.where(carts, Kind.CART, Kind.VIEW)
    kind = np.where(_ends(nth, _DECOY_PURCHASE), Kind.PURCHASE, kind).astype(np.uint8)
    return Moves(kind=kind, place=_anywhere(key, nth - carts))


def scrape_and_return(key: Keys, nth: Ints) -> Moves:
    """Scrapes, and looks at one product in five again that was seen before."""
    bits = field(children(drawn(key, "return"), nth), low=0, width=16)
    place = np.where(_ends(nth, _RETURN), bits % np.maximum(nth, 1), nth)
    return Moves(kind=_repeated(nth, Kind.VIEW), place=_anywhere(key, place))


def watch(key: Keys, nth: Ints) -> Moves:
    """Looks at the same few products in no order, as a price watcher does."""
    bits = field(children(drawn(key, "watch"), nth), low=0, width=16)
    return Moves(kind=_repeated(nth, Kind.VIEW), place=bits % _WATCHED_PRODUCTS)


def hoard_in_rotation(_: Keys, nth: Ints) -> Moves:
    """Puts products into the cart and takes the last one out again, so that it never looks full."""
    kinds = _repeated(nth, Kind.VIEW, Kind.CART, Kind.REMOVE_FROM_CART)
    return Moves(kind=kinds, place=nth // 3)


def hoard_and_buy_one(_: Keys, nth: Ints) -> Moves:
    """Hoards, and buys the cheapest in every fiftieth event."""
    buys = _ends(nth, _ONE_PURCHASE)
    kind = np.where(buys, Kind.PURCHASE, _repeated(nth, Kind.VIEW, Kind.CART))
    return Moves(kind=kind.astype(np.uint8), place=np.where(buys, 0, nth // 2))


def buy_after_a_look(key: Keys, nth: Ints) -> Moves:
    """Looks at a product, carts it and buys it, again and again."""
    kinds = _repeated(nth, Kind.VIEW, Kind.CART, Kind.PURCHASE)
    return Moves(kind=kinds, place=_anywhere(key, nth // 3))


def _ends(nth: Ints, length: int) -> NDArray[np.bool_]:
    """Which events are the last of so many."""
    ends: NDArray[np.bool_] = nth % length == length - 1
    return ends


def _anywhere(key: Keys, place: Ints) -> Ints:
    return field(children(drawn(key, "anywhere"), place), low=0, width=32)


def flood(key: Keys, nth: Ints) -> Moves:
    """Loads a handful of pages in no order."""
    bits = field(children(drawn(key, "page"), nth), low=0, width=16)
    return Moves(kind=_repeated(nth, Kind.VIEW), place=bits % _FLOODED_PRODUCTS)


def crawl(_: Keys, nth: Ints) -> Moves:
    """Watches the same products in turn, as a price monitor does."""
    return Moves(kind=_repeated(nth, Kind.VIEW), place=nth % _CRAWLED_PRODUCTS)


def paced(part: Part, behaviour: Behaviour, *, seed: int, origin_ms: int) -> Act:
    """Actors who show one behaviour at the rate and rhythm of their part; where it rotates
    identities these take turns, else they act side by side.
    """
    priced = np.flatnonzero(assortment(seed).price > 0)
    start_ms = origin_ms + round(part.start_seconds * 1000)

    def user_events(user_key: Keys, users: Ints) -> Events:
        """The events of one stream of acts, which goes through one user id or several."""
        at = times(
            user_key,
            rate=part.rate / (1 if part.events_per_user else part.users),
            seconds=part.duration_seconds,
            rhythm=part.rhythm,
            jitter=part.jitter,
        )
        nth = np.arange(len(at))
        turn = nth // part.events_per_user if part.events_per_user else nth * 0
        moves = behaviour(user_key, nth)
        first = int(field(drawn(user_key, "place"), low=0, width=32)[0])
        session = nth // part.events_per_session if part.events_per_session else turn
        return Events(
            time_ms=start_ms + at,
            kind=moves.kind,
            product=priced[(first + moves.place) % len(priced)].astype(np.int32),
            user=users[turn % len(users)],
            session=children(drawn(user_key, "session"), session),
        )

    def act(actor: int) -> Events:
        actor_key = part.key(seed=seed, actor=actor)
        users = np.array([part.user_id(actor, u) for u in range(part.users)])
        if part.events_per_user:
            return user_events(actor_key, users)
        keys = children(actor_key, np.arange(part.users))
        return joined([user_events(keys[u : u + 1], users[u : u + 1]) for u in range(part.users)])

    return act


def _repeated(nth: Ints, *kinds: Kind) -> NDArray[np.uint8]:
    return np.array(kinds, dtype=np.uint8)[nth % len(kinds)]
