"""The truth about what was sent: who acted, whether an attacker, when, how much, and which rules
should catch him.

It counts records that were stored, so it is right after an interruption too. Judging detections
against it belongs to whoever reads them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ecom_platform.simulator.families import Label
from ecom_platform.simulator.replay import EVENT, Record
from ecom_platform.simulator.wire import wire_time


@dataclass(frozen=True, kw_only=True)
class Actor:
    """One attacker, or one control, with the user ids that are his."""

    name: str
    family: str
    threat: str
    label: Label
    user_ids: tuple[int, ...]
    expected_rules: tuple[str, ...]


class Truth:
    """Counts stored records; each event counts once for its actor."""

    def __init__(self, actors: Sequence[Actor], *, facts: Mapping[str, object]) -> None:
        self._actors = actors
        self._facts = facts
        self._owner = {user: actor.name for actor in actors for user in actor.user_ids}
        self._records: Counter[str] = Counter()
        self._events: Counter[str | None] = Counter()
        self._first: dict[str | None, int] = {}
        self._last: dict[str | None, int] = {}
        self._people: set[int] = set()

    def note(self, records: Iterable[Record]) -> None:
        """Take stored records into account."""
        for record in records:
            self._records[record.what] += 1
            if record.what == EVENT:
                self._note_event(record)

    def _note_event(self, record: Record) -> None:
        name = self._owner.get(record.user_id)
        if name is None:
            self._people.add(record.user_id)
        self._events[name] += 1
        self._first[name] = min(self._first.get(name, record.event_ms), record.event_ms)
        self._last[name] = max(self._last.get(name, record.event_ms), record.event_ms)

    def content(self) -> dict[str, Any]:
        """The truth as JSON knows it."""
        people = {"user_count": len(self._people), **self._span(None)}
        actors = [
            {
                "actor": actor.name,
                "is_attack": actor.label == "attack",
                **{key: value for key, value in asdict(actor).items() if key != "name"},
                **self._span(actor.name),
            }
            for actor in self._actors
        ]
        return {
            **self._facts,
            "record_count": self._records.total(),
            "records": dict(sorted(self._records.items())),
            "people": people,
            "actors": actors,
        }

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.content(), indent=1) + "\n", "utf-8")

    def _span(self, name: str | None) -> dict[str, object]:
        first, last = self._first.get(name), self._last.get(name)
        return {
            "event_count": self._events[name],
            "first_event_at": None if first is None else wire_time(first),
            "last_event_at": None if last is None else wire_time(last),
        }
