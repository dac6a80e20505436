"""How good a set of episodes is against the truth of a world: recall by family and rate, one
precision, false alarms per 10,000 human sessions.

An actor is found by the share of its user ids that are named, or wholly by a site alarm of which at
least a tenth of the events are its own. A user alarm is right if the user is an attacker's, a site
alarm if at least a tenth of the events of its time are attackers'. F1 of a family is 2PR / (P + R)
with its mean recall over rates and the one precision; macro F1 is their mean.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import duckdb
from scipy.stats import beta

SITE_SHARE = 0.1
"""From which share of its events on a site alarm is an actor's."""

SITE_ALARMS = """
create or replace temporary table site_alarms as
select row_number() over () as alarm, rule, started_at, opened_at, last_crossed_at
from episodes where entity_type = 'site'
"""
SITE_SHARES = """
create or replace temporary table site_shares as
with counted as (
  select alarm, actor, count(*) as event_count
  from events
  join site_alarms on event_time between started_at and last_crossed_at
  left join actor_users using (user_id)
  group by alarm, actor
)
select alarm, actor, event_count / sum(event_count) over (partition by alarm) as share
from counted
"""
FOUND = f"""
create or replace temporary table found as
with named as (
  select actor, user_id, min(opened_at) as opened_at
  from episodes join actor_users on entity_id = cast(user_id as varchar)
  where entity_type = 'user'
  group by all
),
by_site as (
  select actor, min(opened_at) as opened_at
  from site_shares join site_alarms using (alarm)
  where actor is not null and share >= {SITE_SHARE}
  group by actor
)
select
  actors.*,
  case when by_site.actor is not null then 1.0
    else (select count(*) from named where named.actor = actors.actor) / user_count
  end as recall,
  least(by_site.opened_at, (select min(opened_at) from named where named.actor = actors.actor))
    as found_at
from actors left join by_site using (actor)
"""
ALARMS = f"""
select rule, entity_id, exists (
    select 1 from actor_users where cast(user_id as varchar) = entity_id
  ) as is_right, opened_at
from episodes where entity_type = 'user'
union all
select rule, 'all', coalesce(
    (select sum(share) from site_shares as s where s.alarm = a.alarm and actor is not null), 0
  ) >= {SITE_SHARE}, opened_at
from site_alarms as a
"""


@dataclass(frozen=True)
class Actor:
    """One attacker of a world."""

    name: str
    family: str
    rate: float
    user_ids: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """How much of one actor was found, and how many events and seconds after its first event."""

    family: str
    rate: float
    recall: float
    requests: int | None
    seconds: float | None


@dataclass(frozen=True)
class FalseAlarm:
    rule: str
    entity_id: str


@dataclass(frozen=True)
class WorldScore:
    """What was found in one world."""

    found: tuple[Found, ...]
    right_count: int
    false_alarms: tuple[FalseAlarm, ...]
    session_count: int


def score_world(
    connection: duckdb.DuckDBPyConnection, actors: Iterable[Actor], session_count: int
) -> WorldScore:
    """Score the tables `episodes` and `events` of a connection.

    Args:
        connection: where both are.
        actors: the attackers; every other user is a person.
        session_count: human sessions of the world.

    """
    rows = [(a.name, a.family, a.rate, len(a.user_ids)) for a in actors]
    users = [(a.name, user) for a in actors for user in a.user_ids]
    connection.execute(
        "create or replace temporary table actors"
        " (actor varchar, family varchar, rate double, user_count bigint)"
    )
    connection.execute(
        "create or replace temporary table actor_users (actor varchar, user_id bigint)"
    )
    _insert(connection, "actors", rows)
    _insert(connection, "actor_users", users)
    for statement in (SITE_ALARMS, SITE_SHARES, FOUND):
        connection.execute(statement)
    found = connection.execute("""
        select family, rate, recall,
            (select count(*) from events join actor_users using (user_id)
             where actor_users.actor = found.actor and event_time <= found_at),
            (select epoch(found_at) - epoch(min(event_time)) from events
             join actor_users using (user_id) where actor_users.actor = found.actor),
            found_at is not null
        from found
    """).fetchall()
    alarms = connection.execute(ALARMS).fetchall()
    return WorldScore(
        found=tuple(
            Found(family, rate, float(recall), requests if is_found else None, seconds)
            for family, rate, recall, requests, seconds, is_found in found
        ),
        right_count=sum(is_right for _, _, is_right, _ in alarms),
        false_alarms=tuple(FalseAlarm(r, e) for r, e, is_right, _ in alarms if not is_right),
        session_count=session_count,
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]
) -> None:
    marks = ", ".join("?" for _ in rows[0]) if rows else ""
    for start in range(0, len(rows), 10_000):
        batch = rows[start : start + 10_000]
        connection.execute(
            f"insert into {table} values {', '.join([f'({marks})'] * len(batch))}",
            [value for row in batch for value in row],
        )


@dataclass(frozen=True)
class Score:
    """The figures over some worlds."""

    recalls: Mapping[tuple[str, float], float]
    precision: float
    false_alarm_count: int
    session_count: int

    def f1(self, family: str, *, least_rate: float = 0.0) -> float:
        recall = fmean(
            value for (f, rate), value in self.recalls.items() if f == family and rate >= least_rate
        )
        total = self.precision + recall
        return 2 * self.precision * recall / total if total else 0.0

    def macro_f1(self, families: Iterable[str], *, least_rate: float = 0.0) -> float:
        return fmean(self.f1(family, least_rate=least_rate) for family in families)

    @property
    def families(self) -> list[str]:
        return sorted({family for family, _ in self.recalls})

    @property
    def false_alarms_per_10000(self) -> float:
        return 10_000 * self.false_alarm_count / self.session_count

    def interval_per_10000(self, confidence: float = 0.95) -> tuple[float, float]:
        """Clopper and Pearson's interval of the false alarms per 10,000 sessions."""
        k, n, rest = self.false_alarm_count, self.session_count, (1 - confidence) / 2
        low = float(beta.ppf(rest, k, n - k + 1)) if k else 0.0
        return 10_000 * low, 10_000 * float(beta.ppf(1 - rest, k + 1, n - k))


def total_score(worlds: Iterable[WorldScore]) -> Score:
    """The mean recall of each family at each rate, and the rest over all worlds together."""
    all_worlds = list(worlds)
    cells: dict[tuple[str, float], list[float]] = defaultdict(list)
    for found in (one for world in all_worlds for one in world.found):
        cells[found.family, found.rate].append(found.recall)
    right = sum(world.right_count for world in all_worlds)
    false = sum(len(world.false_alarms) for world in all_worlds)
    return Score(
        recalls={cell: fmean(values) for cell, values in cells.items()},
        precision=right / (right + false) if right + false else 0.0,
        false_alarm_count=false,
        session_count=sum(world.session_count for world in all_worlds),
    )
