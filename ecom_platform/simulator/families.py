"""The register of families that a scenario can name: label, OWASP threat, defaults, and the rules
that should catch them.

What a family does belongs to `attackers` and `controls`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ecom_platform.simulator import attackers, controls
from ecom_platform.simulator.cast import Act, Company, Part, Rhythm

Label = Literal["attack", "control"]
OFFICE_MEMBERS = 6


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
    expected_rules: tuple[str, ...] = ()


def _bot(behaviour: attackers.Behaviour) -> Callable[[Part, int, int], Act]:
    return lambda part, seed, origin_ms: attackers.paced(
        part, behaviour, seed=seed, origin_ms=origin_ms
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
        expected_rules=("catalog_scraping",),
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
}


def company(
    part: Part, *, seed: int, origin_ms: int, without: frozenset[int] = frozenset()
) -> Company:
    """The actors of a part as a family."""
    act = FAMILIES[part.family].make(part, seed, origin_ms)
    return Company(part, act, origin_ms=origin_ms, without=without)
