"""What attackers do that no even pace describes: sessions played again, drops bought by many
identities, carts filled by many, a bot that behaves like one person after another.

Acts at a rate and rhythm are `attackers`; people are `controls`.
"""

import numpy as np

from ecom_platform.simulator.cast import Act, Part
from ecom_platform.simulator.identities import Cohort
from ecom_platform.traffic.events import Events, Kind, in_time_order, joined
from ecom_platform.traffic.randomness import Keys, children, drawn, field, unit
from ecom_platform.traffic.sessions import Sessions
from ecom_platform.traffic.visits import Visits

_QUICKEST_MS, _SLOWEST_MS = 200, 1200
_SCARCE_PRODUCTS = 3
_LOOKING_SHARE = 0.5
_REPLAY_NOISE = 0.03
_LEAST_REPLAYED_EVENTS, _LEAST_REPLAYED_PRODUCTS = 5, 3
_TRIED_SESSIONS = 200
_SESSION_SPACING_MS = 1_500_000
"""Only their order is used; sorting bears 49 days."""


def drop_buying(part: Part, *, seed: int, origin_ms: int) -> Act:
    """Each identity buys the scarce product once, half of them after a look of a second."""

    def act(actor: int) -> Events:
        cohort = Cohort(part, actor, seed=seed, origin_ms=origin_ms)
        begins = cohort.begins(part.duration_seconds)
        looks = cohort.chances("looks") < _LOOKING_SHARE
        pause = cohort.milliseconds("pause", _QUICKEST_MS, _SLOWEST_MS)
        product = np.full(part.users, cohort.products(1)[0])
        return joined(
            [
                cohort.events(begins - pause, Kind.VIEW, product).taken(looks),
                cohort.events(begins, Kind.PURCHASE, product),
            ]
        )

    return act


def spread_hoarding(part: Part, *, seed: int, origin_ms: int) -> Act:
    """Each identity carts two of the same few products, the first after a look; nobody buys."""

    def act(actor: int) -> Events:
        cohort = Cohort(part, actor, seed=seed, origin_ms=origin_ms)
        begins = cohort.begins(part.duration_seconds)
        scarce = cohort.products(_SCARCE_PRODUCTS)
        first = field(drawn(cohort.keys, "scarce"), low=0, width=16) % _SCARCE_PRODUCTS
        pause = cohort.milliseconds("pause", 4 * _QUICKEST_MS, 12 * _SLOWEST_MS)
        other = scarce[(first + 1) % _SCARCE_PRODUCTS]
        return joined(
            [
                cohort.events(begins, Kind.VIEW, scarce[first]),
                cohort.events(begins + pause, Kind.CART, scarce[first]),
                cohort.events(begins + 2 * pause, Kind.CART, other),
            ]
        )

    return act


def replayed_session(part: Part, *, seed: int, origin_ms: int) -> Act:
    """A recorded session of a person, played again by each identity with nearly the same pauses."""

    def act(actor: int) -> Events:
        cohort = Cohort(part, actor, seed=seed, origin_ms=origin_ms)
        begins = cohort.begins(part.duration_seconds)
        recorded = _recorded(cohort.key, seed=seed)
        length = len(recorded)
        owner = np.repeat(np.arange(part.users), length)
        nth = np.tile(np.arange(length), part.users)
        noise = unit(children(drawn(cohort.keys, "noise")[owner], nth))
        pauses = np.diff(recorded.time_ms, prepend=recorded.time_ms[0])[nth]
        noisy = np.round(pauses * (1 + _REPLAY_NOISE * (2 * noise - 1))).astype(np.int64)
        passed = np.cumsum(noisy.reshape(part.users, length), axis=1).ravel()
        return Events(
            time_ms=begins[owner] + passed,
            kind=recorded.kind[nth],
            product=recorded.product[nth],
            user=cohort.users[owner],
            session=drawn(cohort.keys, "session")[owner],
        )

    return act


def mimicry(part: Part, *, seed: int, origin_ms: int) -> Act:
    """One person's calibrated session after another under one user id, without a rest."""
    sessions = Sessions(seed=seed)
    start_ms = origin_ms + round(part.start_seconds * 1000)

    def act(actor: int) -> Events:
        count = int(part.rate * part.duration_seconds / 2) + 1
        keys = children(part.key(seed=seed, actor=actor), np.arange(count))
        far = np.arange(count, dtype=np.int64) * _SESSION_SPACING_MS
        visits = Visits(person=np.arange(count), key=keys, start_ms=far)
        users = np.full(count, part.user_id(actor, 0), dtype=np.int64)
        events = in_time_order(sessions.events(visits, users=users))
        pauses = np.diff(events.time_ms, prepend=events.time_ms[0])
        pauses = np.minimum(pauses, 120_000)
        scaled = np.cumsum(pauses * (1000 / part.rate) / max(1.0, float(pauses.mean())))
        return Events(
            time_ms=start_ms + scaled.astype(np.int64),
            kind=events.kind,
            product=events.product,
            user=events.user,
            session=events.session,
        )

    return act


def _recorded(key: Keys, *, seed: int) -> Events:
    """The first of an actor's calibrated sessions that is long enough and goes somewhere."""
    keys = children(drawn(key, "recorded"), np.arange(_TRIED_SESSIONS))
    visits = Visits(person=np.arange(len(keys)), key=keys, start_ms=np.zeros(len(keys), np.int64))
    events = Sessions(seed=seed).events(visits, users=np.arange(len(keys)))
    for user in range(_TRIED_SESSIONS):
        own = events.taken(events.user == user)
        products = len(np.unique(own.product))
        if len(own) >= _LEAST_REPLAYED_EVENTS and products >= _LEAST_REPLAYED_PRODUCTS:
            return own
    return own
