"""The register of families that a scenario can name: label, OWASP threat, defaults, and the rules
that should catch them.

What a family does belongs to `attackers` and `controls`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ecom_platform.simulator import attackers, cohorts, controls, crowds
from ecom_platform.simulator.cast import Act, Company, Part, Rhythm

Label = Literal["attack", "control"]
OFFICE_MEMBERS, LARGE_OFFICE_MEMBERS = 6, 30


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A family: how its actors are made, and what a scenario may leave out.

    Attributes:
        label: whether its actors are attackers or people who must raise no alarm.
        threat: the OWASP Automated Threat, or what the people do.
        make: how an actor acts, from its part, the seed and the scenario's origin.
        rate: events a second of one actor; None where the family sets its own pace.
        users: user ids of one actor; None where it is always one.
        expected_rules: rules each of which should catch such an actor at the default pace, if it
            lasts long enough.

    """

    label: Label
    threat: str
    make: Callable[[Part, int, int], Act]
    rate: float | None = None
    users: int | None = None
    rhythm: Rhythm = Rhythm.PERSON
    jitter: float = 0.0
    events_per_session: int = 0
    events_per_user: int = 0
    clock_seconds: float = 0.0
    expected_rules: tuple[str, ...] = ()


def _bot(behaviour: attackers.Behaviour) -> Callable[[Part, int, int], Act]:
    return lambda part, seed, origin_ms: attackers.paced(
        part, behaviour, seed=seed, origin_ms=origin_ms
    )


def _cohort(make: Callable[..., Act]) -> Callable[[Part, int, int], Act]:
    return lambda part, seed, origin_ms: make(part, seed=seed, origin_ms=origin_ms)


_SCRAPING, _INVENTORY, _SCALPING = "OAT-011 Scraping", "OAT-021 Denial of Inventory", "OAT-005"
SINGLE: tuple[tuple[str, str, attackers.Behaviour, dict[str, Any]], ...] = (
    ("random_scraping", f"{_SCRAPING}, all over the catalog", attackers.scrape_anywhere, {}),
    ("decoy_scraping", f"{_SCRAPING}, with carts and purchases", attackers.scrape_with_decoys, {}),
    ("returning_scraping", f"{_SCRAPING}, a fifth again", attackers.scrape_and_return, {}),
    ("price_watching", f"{_SCRAPING}, a few products again and again", attackers.watch, {}),
    (
        "pulsed_scraping",
        f"{_SCRAPING}, in bursts",
        attackers.scrape_anywhere,
        {"rhythm": Rhythm.PULSE},
    ),
    (
        "drifting_scraping",
        f"{_SCRAPING}, ever faster",
        attackers.scrape_anywhere,
        {"rhythm": Rhythm.DRIFT},
    ),
    (
        "late_clock",
        f"{_SCRAPING}, under a clock that is behind",
        attackers.scrape_anywhere,
        {"clock_seconds": -900.0},
    ),
    (
        "early_clock",
        f"{_SCRAPING}, under a clock that is ahead",
        attackers.scrape_anywhere,
        {"clock_seconds": 900.0},
    ),
    ("rotating_hoarding", f"{_INVENTORY}, put in and out", attackers.hoard_in_rotation, {}),
    ("buying_hoarding", f"{_INVENTORY}, with a purchase", attackers.hoard_and_buy_one, {}),
    ("steady_checkout", f"{_SCALPING} Scalping, with looks", attackers.buy_after_a_look, {}),
)
"""Families of one identity at a rate of their own."""

MANY: tuple[tuple[str, str, Callable[[Part, int, int], Act], dict[str, Any]], ...] = (
    (
        "identity_rotation",
        f"{_SCRAPING}, the next identity every ten events",
        _bot(attackers.scrape_anywhere),
        {"events_per_user": 10},
    ),
    (
        "minted_identities",
        f"{_SCRAPING}, an identity a hit",
        _bot(attackers.scrape_anywhere),
        {"events_per_user": 1},
    ),
    ("botnet_scraping", f"{_SCRAPING}, by many at once", _bot(attackers.scrape_anywhere), {}),
    ("spread_hoarding", f"{_INVENTORY}, by many", _cohort(cohorts.spread_hoarding), {}),
    ("drop_buying", f"{_SCALPING} Scalping, by many", _cohort(cohorts.drop_buying), {}),
    (
        "replayed_session",
        f"{_SCRAPING}, a recorded session again",
        _cohort(cohorts.replayed_session),
        {},
    ),
    ("sale_flood", "OAT-015 Denial of Service, inside a sale", _bot(attackers.flood), {}),
)
"""Families of many identities; at so many events a second over all of them."""

CROWDS: tuple[tuple[str, str, Callable[..., Act], int | None], ...] = (
    ("newsletter", "readers of a letter, each after one of a few links", crowds.newsletter, 600),
    ("reload_crowd", "people who reload a page before a drop", crowds.reload_crowd, 200),
    ("bulk_basket", "a basket of a dozen and a half, bought at once", crowds.bulk_basket, None),
    ("fast_clicker", "a quick person, three times as fast as others", crowds.fast_clicker, None),
)

FAMILIES: Mapping[str, Profile] = {
    "catalog_scraping": Profile(
        label="attack",
        threat="OAT-011 Scraping",
        make=_bot(attackers.scrape),
        rate=3.0,
        expected_rules=("catalog_scraping",),
    ),
    "slow_scraping": Profile(
        label="attack",
        threat="OAT-011 Scraping, slow and low",
        make=_bot(attackers.scrape),
        rate=0.08,
    ),
    "session_rotation": Profile(
        label="attack",
        threat="OAT-011 Scraping, under a new session id every few events",
        make=_bot(attackers.scrape),
        rate=1.5,
        events_per_session=5,
    ),
    "timed_crawler": Profile(
        label="attack",
        threat="OAT-011 Scraping, paced by a timer",
        make=_bot(attackers.crawl),
        rate=0.5,
        rhythm=Rhythm.TIMER,
        jitter=0.1,
        expected_rules=("machine_rhythm",),
    ),
    "slow_crawler": Profile(
        label="attack",
        threat="OAT-011 Scraping, slow and paced by a timer",
        make=_bot(attackers.crawl),
        rate=0.05,
        rhythm=Rhythm.TIMER,
        jitter=0.2,
        expected_rules=("machine_rhythm",),
    ),
    "cart_hoarding": Profile(
        label="attack",
        threat="OAT-021 Denial of Inventory",
        make=_bot(attackers.hoard),
        rate=1.5,
        expected_rules=("cart_hoarding",),
    ),
    "slow_hoarding": Profile(
        label="attack",
        threat="OAT-021 Denial of Inventory, slow and low",
        make=_bot(attackers.hoard),
        rate=0.1,
        expected_rules=("cart_hoarding",),
    ),
    "checkout_burst": Profile(
        label="attack",
        threat="OAT-005 Scalping",
        make=_bot(attackers.check_out),
        rate=1.5,
        expected_rules=("checkout_burst",),
    ),
    "user_flood": Profile(
        label="attack",
        threat="OAT-015 Denial of Service, one user",
        make=_bot(attackers.flood),
        rate=10.0,
        expected_rules=("user_flood",),
    ),
    "site_flood": Profile(
        label="attack",
        threat="OAT-015 Denial of Service, many users",
        make=_bot(attackers.flood),
        rate=100.0,
        users=60,
        expected_rules=("site_flood",),
    ),
    **{
        name: Profile(label="attack", threat=threat, make=_bot(act), rate=0.5, **more)
        for name, threat, act, more in SINGLE
    },
    **{
        name: Profile(label="attack", threat=threat, make=act, rate=0.5, users=200, **more)
        for name, threat, act, more in MANY
    },
    "mimicry": Profile(
        label="attack",
        threat="OAT-011 Scraping, one person's session after another without a rest",
        make=_cohort(cohorts.mimicry),
        rate=0.5,
    ),
    "flash_sale": Profile(
        label="control",
        threat="many people at once on one product, half of them buying",
        make=lambda part, seed, origin_ms: controls.flash_sale(
            part, seed=seed, origin_ms=origin_ms
        ),
        users=200,
    ),
    "office_account": Profile(
        label="control",
        threat=f"{OFFICE_MEMBERS} people's ordinary browsing under one account",
        make=lambda part, seed, origin_ms: controls.office_account(
            part, members=OFFICE_MEMBERS, seed=seed, origin_ms=origin_ms
        ),
    ),
    "price_comparison": Profile(
        label="control",
        threat="one person going fast to and fro between a dozen products",
        make=lambda part, seed, origin_ms: controls.price_comparison(
            part, seed=seed, origin_ms=origin_ms
        ),
        rate=0.8,
    ),
    "large_office": Profile(
        label="control",
        threat=f"{LARGE_OFFICE_MEMBERS} people's ordinary browsing under one account",
        make=lambda part, seed, origin_ms: controls.office_account(
            part, members=LARGE_OFFICE_MEMBERS, seed=seed, origin_ms=origin_ms, rest_seconds=1800
        ),
    ),
    **{
        name: Profile(label="control", threat=threat, make=_cohort(act), users=users)
        for name, threat, act, users in CROWDS
    },
}


def company(
    part: Part, *, seed: int, origin_ms: int, without: frozenset[int] = frozenset()
) -> Company:
    """The actors of a part as a family."""
    act = FAMILIES[part.family].make(part, seed, origin_ms)
    return Company(part, act, origin_ms=origin_ms, without=without)
