"""What a scenario file may say, and what it must not: one model an entry, the rules across fields
beside them.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ecom_platform.simulator.cast import USERS_PER_PART, Rhythm
from ecom_platform.simulator.families import FAMILIES
from ecom_platform.simulator.wire_dirt import WireDirt

LONGEST_SECONDS = 6 * 3600
Share = Annotated[float, Field(ge=0, le=0.5)]
Events = Annotated[int, Field(ge=0, le=1_000_000)]


class _Form(BaseModel):
    """Keys and values, none of them unknown; a number is no text and no truth value."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, content: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
        known = ", ".join(sorted(cls.model_fields))
        if not isinstance(content, dict):
            raise ValueError(f"give keys and values: {known}")  # noqa: TRY004 - pydantic's own way
        if unknown := sorted(str(key) for key in set(content) - set(cls.model_fields)):
            raise ValueError(f"unknown key {', '.join(unknown)}; known are: {known}")
        return content


class PeopleForm(_Form):
    """Calibrated people: events a second of all of them."""

    rate: Annotated[float, Field(ge=0, le=10_000)] = 0


class DirtForm(_Form):
    """What goes wrong on the way; see `WireDirt`."""

    broken_share: Share = 0
    duplicate_share: Share = 0
    delayed_share: Annotated[float, Field(ge=0, le=1)] = 0
    longest_delay_seconds: Annotated[float, Field(ge=0, le=3600)] = WireDirt.longest_delay_seconds


class ActorForm(_Form):
    """So many actors of one family; what is left out is as the family has it. See `Part`."""

    family: str
    name: str | None = None
    actors: int = Field(1, ge=1, le=USERS_PER_PART)
    users: int | None = Field(None, ge=1, le=USERS_PER_PART)
    rate: float | None = Field(None, ge=0.001, le=10_000)
    rhythm: Rhythm | None = Field(None, strict=False)
    jitter: float | None = Field(None, ge=0, le=1)
    start_seconds: float = Field(0, ge=0)
    duration_seconds: float | None = Field(None, ge=0.001)
    events_per_session: Events | None = None
    events_per_user: Events | None = None
    clock_seconds: float | None = Field(None, ge=-86_400, le=86_400)
    expected_rules: list[str] | None = None

    @field_validator("family")
    @classmethod
    def _family_is_known(cls, family: str) -> str:
        if family not in FAMILIES:
            raise ValueError(f"choose one of: {', '.join(sorted(FAMILIES))}")
        return family

    @model_validator(mode="after")
    def _keys_are_the_familys(self) -> Self:
        """A key that the family would ignore is a mistake of whoever wrote it."""
        profile = FAMILIES[self.family]
        is_attack = profile.label == "attack"
        own = {
            "rate": profile.rate is not None,
            "users": profile.users is not None,
            "rhythm": profile.rate is not None,
            "jitter": is_attack,
            "events_per_session": is_attack,
            "events_per_user": profile.users is not None and is_attack,
            "clock_seconds": is_attack,
            "expected_rules": is_attack,
        }
        for key, is_own in own.items():
            if not is_own and getattr(self, key) is not None:
                raise ValueError(f"{self.family} takes no {key}; leave it out")
        return self

    @model_validator(mode="after")
    def _user_ids_suffice(self) -> Self:
        most = USERS_PER_PART // (self.users or FAMILIES[self.family].users or 1)
        if self.actors > most:
            raise ValueError(f"actors is {self.actors}; give a number from 1 to {most}")
        return self


class ScenarioForm(_Form):
    """A whole file."""

    duration_seconds: float = Field(ge=1, le=LONGEST_SECONDS)
    people: PeopleForm = PeopleForm()
    actors: list[ActorForm] = []
    dirt: DirtForm = DirtForm()

    @model_validator(mode="after")
    def _actors_end_in_time(self) -> Self:
        for number, entry in enumerate(self.actors, start=1):
            if entry.start_seconds + (entry.duration_seconds or 0.001) > self.duration_seconds:
                raise ValueError(
                    f"entry {number} of actors ends after the scenario's"
                    f" {self.duration_seconds:g} s; start it earlier, shorten it, or lengthen the"
                    " scenario"
                )
        return self
