"""The rules: SQL files and their properties, those of the Flink application and those that only the
lake can ask, since they look at hours and across identities.

Text in, text out. What does not belong here: running them (`detections`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

SQL = Path(__file__).with_name("sql")
PROPERTIES = Path(__file__).with_name("rules.json")
FLINK_APP = Path(__file__).parents[2] / "flink_app"
"""The application of the stream, whose rules and properties are read as text."""

STEPS = ("user_steps", "product_steps", "cart_steps")
"""Views of the stream's application over which its rules are written."""

ACROSS_USERS = frozenset({"hoarded_product", "replayed_session", "rushed_product"})
"""Rules that name users by what many of them do."""

Place = Literal["stream", "lake"]
_PARAMETER = re.compile(r"\$([a-z][a-z_]*)")


@dataclass(frozen=True)
class Rule:
    """One rule. Its properties hold version, entity type, severity, window and thresholds."""

    name: str
    place: Place
    properties: Mapping[str, str] = field(hash=False)

    @property
    def version(self) -> int:
        return int(self.properties["version"])

    @property
    def window_seconds(self) -> int:
        return int(self.properties["window_seconds"])

    @property
    def threshold(self) -> float:
        return float(self.properties["threshold"])

    @property
    def is_about_one_user(self) -> bool:
        """Whether it looks at each user alone, and at nobody who does little."""
        return self.properties["entity_type"] == "user" and self.name not in ACROSS_USERS

    @cached_property
    def sql(self) -> str:
        """Its SELECT: entity, time, observed value, and columns of evidence."""
        folder = FLINK_APP / "sql/rules" if self.place == "stream" else SQL / "rules"
        return filled(
            (folder / f"{self.name}.sql").read_text("utf-8"),
            {
                **self.properties,
                "window_minutes": str(self.window_seconds // 60),
                "crossing": filled(_expression("crossing"), self.properties),
            },
        )

    def with_properties(self, **changed: str) -> "Rule":
        """The same rule with other thresholds.

        Raises:
            KeyError: it has no such property.

        """
        for name in changed:
            self.properties[name]
        return replace(self, properties={**self.properties, **changed})


def filled(text: str, values: Mapping[str, str]) -> str:
    """Text with every `$name` replaced.

    Raises:
        KeyError: a name has no value.

    """
    return _PARAMETER.sub(lambda found: values[found[1]], text)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule by its name, first those of the stream."""
    return (
        *_rules("stream", FLINK_APP / "application_properties.json"),
        *_rules("lake", PROPERTIES),
    )


def step_views() -> list[str]:
    """The DDL of the views that the stream's rules read."""
    return [(FLINK_APP / f"sql/steps/{name}.sql").read_text("utf-8") for name in STEPS]


def time_tolerance_seconds() -> int:
    """How far an event's time may lie from its arrival and still order it (rule_time)."""
    groups = _groups(FLINK_APP / "application_properties.json")
    return int(groups["event_time"]["tolerance_seconds"])


def _rules(place: Place, properties: Path) -> list[Rule]:
    return [
        Rule(name.removeprefix("rule."), place, values)
        for name, values in sorted(_groups(properties).items())
        if name.startswith("rule.")
    ]


def _groups(path: Path) -> dict[str, dict[str, str]]:
    groups = json.loads(path.read_text("utf-8"))
    return {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}


def _expression(name: str) -> str:
    """A fragment of the application, without its opening comment."""
    text = (FLINK_APP / f"sql/fragments/{name}.sql").read_text("utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))
