"""Scenarios: which people and which actors, how fast and when, as frozen dataclasses.

What a file may say belongs to `scenario_form`; which families there are, to `families`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml
from pydantic import ValidationError

from ecom_platform.simulator.cast import Part
from ecom_platform.simulator.families import FAMILIES
from ecom_platform.simulator.scenario_form import ActorForm, ScenarioForm
from ecom_platform.simulator.wire_dirt import WireDirt

SHIPPED = Path(__file__).with_name("scenarios")


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
    try:
        form = ScenarioForm.model_validate(content)
    except ValidationError as error:
        raise ScenarioError(f"{name}: {_mistakes(error)}") from error
    parts = tuple(_part(entry, until=int(form.duration_seconds)) for entry in form.actors)
    _check_names(name, [cast.part for cast in parts])
    return Scenario(
        name=name,
        duration_seconds=int(form.duration_seconds),
        people_rate=form.people.rate,
        parts=parts,
        dirt=WireDirt(**form.dirt.model_dump()),
    )


def _mistakes(error: ValidationError) -> str:
    """Each mistake with its place, entries counted from 1, and what is there instead."""
    return "; ".join(
        ", ".join(
            [
                *(
                    f"entry {place + 1}" if isinstance(place, int) else place
                    for place in one["loc"]
                ),
                f"{one['msg'].removeprefix('Value error, ')}; there is {one['input']!r}",
            ]
        )
        for one in error.errors()
    )


def _part(entry: ActorForm, *, until: int) -> CastPart:
    """An entry, with what its family does where nothing is said."""
    profile = FAMILIES[entry.family]
    own = {name: value for name, value in entry if value is not None and name in _OF_A_PART}
    usual = {
        "name": entry.family,
        "users": profile.users or 1,
        "rate": profile.rate or 0.0,
        "rhythm": profile.rhythm,
        "jitter": profile.jitter,
        "events_per_session": profile.events_per_session,
        "events_per_user": profile.events_per_user,
        "clock_seconds": profile.clock_seconds,
        "duration_seconds": until - entry.start_seconds,
    }
    rules = profile.expected_rules if entry.expected_rules is None else entry.expected_rules
    return CastPart(part=Part(**{**usual, **own}), expected_rules=tuple(rules))


_OF_A_PART = {one.name for one in fields(Part)}


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
