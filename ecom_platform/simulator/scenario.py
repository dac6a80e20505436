"""Scenarios: which people and which actors, how fast and when, as YAML and as frozen dataclasses.

Making the events of a scenario belongs to `staging`; which families there are, to `families`.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ecom_platform.simulator.cast import USERS_PER_PART, Part, Rhythm
from ecom_platform.simulator.families import FAMILIES, Profile
from ecom_platform.simulator.wire_dirt import WireDirt

SHIPPED = Path(__file__).with_name("scenarios")
LONGEST_SECONDS = 6 * 3600


class ScenarioError(ValueError):
    """A scenario cannot be played; the message names the place, the value and the remedy."""


@dataclass(frozen=True, kw_only=True)
class CastPart:
    """A part, and the rules that should catch each of its actors."""

    part: Part
    expected_rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is played: `people_rate` events a second of calibrated people, and the parts."""

    name: str
    duration_seconds: int
    people_rate: float
    parts: tuple[CastPart, ...] = ()
    dirt: WireDirt = field(default_factory=WireDirt)


def read_scenario(place: str) -> Scenario:
    """The scenario of a file, or a shipped one by its name.

    Raises:
        ScenarioError: there is no such file, or it does not say what a scenario must.

    """
    path = Path(place)
    if not path.is_file():
        path = SHIPPED / f"{place}.yaml"
    if not path.is_file():
        raise ScenarioError(
            f"there is no scenario file {place!r}; shipped ones: {', '.join(shipped_names())}"
        )
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path.name} is not YAML: {error}") from error
    return parse_scenario(content, name=path.stem)


def shipped_names() -> list[str]:
    """Names of the scenarios that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def parse_scenario(content: object, *, name: str) -> Scenario:
    """The scenario that parsed YAML describes.

    Raises:
        ScenarioError: something is missing, unknown or out of its range.

    """
    reader = _Reader(name, content, known={"duration_seconds", "people", "actors", "dirt"})
    seconds = int(reader.number("duration_seconds", low=1, high=LONGEST_SECONDS))
    people = _Reader(f"{name}, people", reader.get("people", {"rate": 0}), known={"rate"})
    entries = reader.get("actors", [])
    if not isinstance(entries, list):
        raise ScenarioError(f"{name}: actors is {entries!r}; give a list of entries")
    parts = tuple(
        _part(_Reader(f"{name}, entry {n} of actors", entry, known=_ENTRY_KEYS), until=seconds)
        for n, entry in enumerate(entries, start=1)
    )
    _check_names(name, [cast.part for cast in parts])
    return Scenario(
        name=name,
        duration_seconds=seconds,
        people_rate=people.number("rate", low=0, high=10_000, default=0),
        parts=parts,
        dirt=_dirt(_Reader(f"{name}, dirt", reader.get("dirt", {}), known=_DIRT_KEYS)),
    )


_ENTRY_KEYS = {
    "family",
    "name",
    "actors",
    "users",
    "rate",
    "rhythm",
    "jitter",
    "start_seconds",
    "duration_seconds",
    "events_per_session",
    "events_per_user",
    "clock_seconds",
    "expected_rules",
}
_DIRT_KEYS = {"broken_share", "duplicate_share", "delayed_share", "longest_delay_seconds"}


class _Reader:
    """Reads the values of one mapping, and says where it stands when something is wrong."""

    def __init__(self, place: str, content: object, *, known: set[str]) -> None:
        self.place = place
        if not isinstance(content, dict):
            raise self.error(f"this is {content!r}; give keys and values: {_listed(known)}")
        self._content: Mapping[str, Any] = content
        unknown = sorted(str(key) for key in set(content) - known)
        if unknown:
            raise self.error(f"unknown key {_listed(unknown)}; known are: {_listed(known)}")

    def error(self, text: str) -> ScenarioError:
        return ScenarioError(f"{self.place}: {text}")

    def get(self, key: str, default: object) -> Any:  # noqa: ANN401 - whatever YAML holds
        return self._content.get(key, default)

    def number(self, key: str, *, low: float, high: float, default: float | None = None) -> float:
        value = self._content.get(key, default)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is None or not is_number or not math.isfinite(value) or not low <= value <= high:
            raise self.error(f"{key} is {value!r}; give a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, key: str, *, low: int, high: int, default: int) -> int:
        value = self.number(key, low=low, high=high, default=default)
        if value != int(value):
            raise self.error(f"{key} is {value:g}; give a whole number")
        return int(value)

    def choice(self, key: str, choices: Mapping[str, Any], default: str | None = None) -> str:
        value = self._content.get(key, default)
        if not isinstance(value, str) or value not in choices:
            raise self.error(f"{key} is {value!r}; choose one of: {_listed(choices)}")
        return value


def _part(entry: _Reader, *, until: int) -> CastPart:
    family = entry.choice("family", FAMILIES)
    profile = FAMILIES[family]
    _refuse_foreign_keys(entry, family, profile)
    start = entry.number("start_seconds", low=0, high=until, default=0)
    duration = entry.number("duration_seconds", low=0.001, high=until, default=until - start)
    if start + duration > until:
        raise entry.error(
            f"start_seconds {start:g} and duration_seconds {duration:g} end after the scenario's"
            f" {until} s; shorten one of them or lengthen the scenario"
        )
    users = entry.whole("users", low=1, high=USERS_PER_PART, default=profile.users or 1)
    part = Part(
        name=str(entry.get("name", family)),
        family=family,
        actors=entry.whole("actors", low=1, high=USERS_PER_PART // users, default=1),
        users=users,
        rate=entry.number("rate", low=0.001, high=10_000, default=profile.rate)
        if profile.rate
        else 0.0,
        rhythm=Rhythm(entry.choice("rhythm", {r.value: r for r in Rhythm}, profile.rhythm.value)),
        jitter=entry.number("jitter", low=0, high=1, default=profile.jitter),
        start_seconds=start,
        duration_seconds=duration,
        events_per_session=entry.whole(
            "events_per_session", low=0, high=1_000_000, default=profile.events_per_session
        ),
        events_per_user=entry.whole(
            "events_per_user", low=0, high=1_000_000, default=profile.events_per_user
        ),
        clock_seconds=entry.number(
            "clock_seconds", low=-86_400, high=86_400, default=profile.clock_seconds
        ),
    )
    return CastPart(part=part, expected_rules=_expected_rules(entry, profile))


def _refuse_foreign_keys(entry: _Reader, family: str, profile: Profile) -> None:
    """A key that the family would ignore is a mistake of whoever wrote it."""
    own = {
        "rate": profile.rate is not None,
        "users": profile.users is not None,
        "rhythm": profile.rate is not None,
        "jitter": profile.label == "attack",
        "events_per_session": profile.label == "attack",
        "events_per_user": profile.users is not None and profile.label == "attack",
        "clock_seconds": profile.label == "attack",
        "expected_rules": profile.label == "attack",
    }
    for key, is_own in own.items():
        if not is_own and entry.get(key, None) is not None:
            raise entry.error(f"{family} takes no {key}; leave it out")


def _expected_rules(entry: _Reader, profile: Profile) -> tuple[str, ...]:
    rules = entry.get("expected_rules", list(profile.expected_rules))
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise entry.error(f"expected_rules is {rules!r}; give a list of rule names, or []")
    return tuple(rules)


def _dirt(reader: _Reader) -> WireDirt:
    return WireDirt(
        broken_share=reader.number("broken_share", low=0, high=0.5, default=0),
        duplicate_share=reader.number("duplicate_share", low=0, high=0.5, default=0),
        delayed_share=reader.number("delayed_share", low=0, high=1, default=0),
        longest_delay_seconds=reader.number(
            "longest_delay_seconds", low=0, high=3600, default=WireDirt.longest_delay_seconds
        ),
    )


def _check_names(name: str, parts: list[Part]) -> None:
    """Names tell actors apart, and their blocks of user ids must not meet."""
    twice = [found for found, count in Counter(part.name for part in parts).items() if count > 1]
    if twice:
        raise ScenarioError(
            f"{name}: several entries are called {_listed(twice)}; give each a name of its own"
        )
    by_block = {part.block: part.name for part in parts}
    for part in parts:
        if by_block[part.block] != part.name:
            raise ScenarioError(
                f"{name}: {part.name} and {by_block[part.block]} would share user ids;"
                " give one of them another name"
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
