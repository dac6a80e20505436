"""What became of a play: alerts, messages, sessions, and a place for every event.

Times are since the start of the play and users are those of the first one, so that what a fault
leaves can be compared with what a calm play of the same traffic leaves.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ecom_platform_tests.chaos.stage import GAP, USERS_APART, Played, Stage
from ecom_platform_tests.support.session_counts import counted, session_key

COUNTS = tuple(
    f"{kind}_count" for kind in ("event", "view", "cart", "remove_from_cart", "purchase")
)

Alerts = Mapping[tuple[str, str], tuple[Any, ...]]


@dataclass(frozen=True)
class Account:
    """The state that a play has left."""

    alerts: Alerts
    sessions: frozenset[tuple[Any, ...]]
    told: Counter[tuple[str, str]]
    unaccounted_count: int
    late_count: int


@dataclass(frozen=True)
class Difference:
    """What a fault has cost, beside a calm play."""

    alerts_lost: int = 0
    alerts_doubled: int = 0
    events_unaccounted: int = 0
    states_differing: int = 0
    late_events: int = 0

    def with_unaccounted(self, count: int) -> "Difference":
        return replace(self, events_unaccounted=self.events_unaccounted + count)

    @property
    def is_none(self) -> bool:
        return not (
            self.alerts_lost
            or self.alerts_doubled
            or self.events_unaccounted
            or self.states_differing
        )


def account(stage: Stage, played: Played) -> Account:
    """The state of a play, as it is now."""
    sessions = [item for item in stage.live.items("user-sessions") if played.has(_user(item))]
    late = [row for row in stage.live.rows("late-events") if played.has(int(row["user_id"]))]
    placed = Counter(map(session_key, late))
    for item in sessions:
        placed[session_key(item)] += int(item["event_count"])
    alerts = [item for item in stage.live.items("alerts") if _is_of(item, played)]
    return Account(
        alerts={(i["rule"], _actor(i["entity_id"])): _alert_row(i, played) for i in alerts},
        sessions=frozenset(_session_row(item, played) for item in sessions),
        told=Counter(
            (message["rule"], _actor(message["entity_id"]))
            for message in stage.inbox.messages()
            if _is_of(message, played) and message["status"] == "open"
        ),
        # Of each session apart, so that one that lost and one that doubled do not cancel.
        unaccounted_count=_distance(expected_counts(stage, played), placed),
        late_count=len(late),
    )


def expected_counts(stage: Stage, played: Played) -> Counter[str]:
    """How many events of each session Flink must count or call late: each id once a window.

    By the records as the stream holds them, with the time at which it took them.
    """
    return counted(
        (fields, at) for fields, at in stage.raw_records() if played.has(fields["user_id"])
    )


def _distance(one: Counter[str], other: Counter[str]) -> int:
    return sum(abs(one[key] - other[key]) for key in one.keys() | other.keys())


def difference(
    calm: Account, faulty: Account, *, keeps_windows: bool = True, keeps_sessions: bool = True
) -> Difference:
    """Beside a calm play. Without `keeps_windows` the rules began anew in the gap: an alert that
    was open by then must be there, at whatever times. Without `keeps_sessions` events may be late,
    and then are in no session.
    """
    both = [key for key in calm.alerts if key in faulty.alerts]
    differing = sum(faulty.alerts[key] != calm.alerts[key] for key in both)
    wanted = {key for key, row in calm.alerts.items() if keeps_windows or row[1] < 1000 * GAP[0]}
    return Difference(
        # An alert that nobody was told of is lost too.
        alerts_lost=len(wanted - set(faulty.alerts))
        + len((wanted & set(calm.told)) - set(faulty.told)),
        alerts_doubled=sum(count - 1 for count in faulty.told.values())
        + len(set(faulty.alerts) - set(calm.alerts)),
        events_unaccounted=faulty.unaccounted_count,
        states_differing=(differing if keeps_windows else 0)
        + (len(calm.sessions - faulty.sessions) if keeps_sessions else 0),
        late_events=faulty.late_count,
    )


def unarchived(stage: Stage, plays: Sequence[Played]) -> int:
    """How many events that the stream took are in no object of the archive."""
    lines = [json.loads(line) for line in stage.live.archived("stream_events")]
    # Poison may hold anything for an id.
    kept = {str(line.get("event_id")) for line in lines}
    return sum(len(played.sent.event_ids - kept) for played in plays)


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _user(item: Mapping[str, Any]) -> int:
    return int(item["user_id"])


def _is_of(item: Mapping[str, Any], played: Played) -> bool:
    return item["entity_type"] == "user" and played.has(int(item["entity_id"]))


def _actor(entity_id: str) -> str:
    return str(int(entity_id) % USERS_APART)


def _alert_row(item: Mapping[str, Any], played: Played) -> tuple[Any, ...]:
    return (
        item["severity"],
        _ms(item["opened_at"]) - played.start_ms,
        _ms(item["last_crossed_at"]) - played.start_ms,
        int(item["crossing_count"]),
        float(item["peak_value"]),
    )


def _session_row(item: Mapping[str, Any], played: Played) -> tuple[Any, ...]:
    return (
        _actor(item["user_id"]),
        item["user_session"],
        _ms(item["first_event_at"]) - played.start_ms,
        _ms(item["last_event_at"]) - played.start_ms,
        *(int(item[name]) for name in COUNTS),
        item["cart_amount"],
        item["revenue_amount"],
    )
