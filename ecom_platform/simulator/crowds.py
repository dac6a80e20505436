"""People who come in numbers or act in bursts and must raise no alarm: a newsletter's readers, a
crowd that reloads before a drop, bulk baskets, a fast honest clicker.

Other people whose traffic looks unusual are `controls`.
"""

import numpy as np

from ecom_platform.simulator.cast import Act, Part
from ecom_platform.simulator.identities import Cohort
from ecom_platform.traffic.events import Events, Kind, joined
from ecom_platform.traffic.randomness import Ints, Keys, children, drawn, field, unit
from ecom_platform.traffic.sessions import Sessions
from ecom_platform.traffic.visits import Visits

_LETTER_PRODUCTS = 6
_MOST_READ = 3
_RELOADS = 25
_BULK_ITEMS = (12, 18)
_CLICKER_PACE = 0.35


def newsletter(part: Part, *, seed: int, origin_ms: int) -> Act:
    """Many new users follow a letter's links: one to three looks at one of a few products each."""

    def act(actor: int) -> Events:
        cohort = Cohort(part, actor, seed=seed, origin_ms=origin_ms)
        keys, users = cohort.keys, cohort.users
        reads = 1 + field(drawn(keys, "reads"), low=0, width=16) % _MOST_READ
        owner = np.repeat(np.arange(part.users), reads)
        nth = np.arange(len(owner)) - (np.cumsum(reads) - reads)[owner]
        letter = cohort.products(_LETTER_PRODUCTS)
        chosen = field(children(drawn(keys, "link")[owner], nth), low=0, width=16)
        begins = cohort.begins(part.duration_seconds / 2)
        pauses = 8000 + (unit(children(drawn(keys, "pause")[owner], nth)) * 60_000)
        time_ms = begins[owner] + (nth * pauses).astype(np.int64)
        return _views(time_ms, letter[chosen % _LETTER_PRODUCTS], users[owner], keys[owner])

    return act


def reload_crowd(part: Part, *, seed: int, origin_ms: int) -> Act:
    """Everybody reloads the page of a drop every few seconds until it opens; a third then buys."""

    def act(actor: int) -> Events:
        cohort = Cohort(part, actor, seed=seed, origin_ms=origin_ms)
        keys, users = cohort.keys, cohort.users
        product = cohort.products(1)
        owner = np.repeat(np.arange(part.users), _RELOADS)
        nth = np.tile(np.arange(_RELOADS), part.users)
        opens = cohort.start_ms + round(part.duration_seconds * 800)
        pace = 2500 + unit(drawn(keys, "pace")) * 6000
        jitter = 0.4 + 1.2 * unit(children(drawn(keys, "jitter")[owner], nth))
        time_ms = opens - (pace[owner] * (_RELOADS - nth) * jitter).astype(np.int64)
        views = _views(time_ms, np.repeat(product, len(owner)), users[owner], keys[owner])
        buys = unit(drawn(keys, "buys")) < 1 / 3
        at = opens + cohort.spread(part.duration_seconds * 0.15) + 15_000
        bought = cohort.events(at, Kind.PURCHASE, np.full(part.users, product[0]))
        return joined([views, bought.taken(buys)])

    return act


def bulk_basket(part: Part, *, seed: int, origin_ms: int) -> Act:
    """Somebody carts a dozen and a half items one after the other and buys all of them at once."""

    def act(actor: int) -> Events:
        cohort = Cohort(part, actor, seed=seed, origin_ms=origin_ms)
        key = cohort.key
        low, high = _BULK_ITEMS
        items = low + int(field(drawn(key, "items"), low=0, width=16)[0]) % (high - low + 1)
        kinds = [kind for _ in range(items) for kind in (Kind.VIEW, Kind.CART)]
        kinds += [Kind.PURCHASE] * items
        shelf = cohort.products(items)
        product = np.concatenate([np.repeat(shelf, 2), shelf])
        nth = np.arange(len(kinds))
        pauses = 6000 + unit(children(drawn(key, "pauses"), nth)) * 20_000
        pauses[2 * items :] = 150
        pauses[2 * items] = 20_000
        begins = cohort.start_ms + (unit(drawn(key, "begins")) * part.duration_seconds * 250)
        return Events(
            time_ms=begins.astype(np.int64) + np.cumsum(pauses).astype(np.int64),
            kind=np.array(kinds, dtype=np.uint8),
            product=product.astype(np.int32),
            user=np.full(len(kinds), part.user_id(actor, 0), dtype=np.int64),
            session=np.repeat(drawn(key, "session"), len(kinds)),
        )

    return act


def fast_clicker(part: Part, *, seed: int, origin_ms: int) -> Act:
    """One quick person's calibrated sessions, at a third of the usual pauses, then a rest."""
    sessions = Sessions(seed=seed)

    def act(actor: int) -> Events:
        count = max(1, int(part.duration_seconds // 600))
        keys = children(part.key(seed=seed, actor=actor), np.arange(count))
        starts = origin_ms + round(part.start_seconds * 1000) + np.arange(count) * 600_000
        visits = Visits(person=np.arange(count), key=keys, start_ms=starts)
        users = np.full(count, part.user_id(actor, 0), dtype=np.int64)
        events = sessions.events(visits, users=users)
        begins = starts[(events.time_ms - starts[0]) // 600_000 % count]
        hurried = begins + ((events.time_ms - begins) * _CLICKER_PACE).astype(np.int64)
        return Events(
            time_ms=hurried,
            kind=events.kind,
            product=events.product,
            user=events.user,
            session=events.session,
        )

    return act


def _views(time_ms: Ints, product: Ints, users: Ints, keys: Keys) -> Events:
    return Events(
        time_ms=time_ms,
        kind=np.full(len(time_ms), Kind.VIEW, dtype=np.uint8),
        product=product.astype(np.int32),
        user=users,
        session=drawn(keys, "session"),
    )
