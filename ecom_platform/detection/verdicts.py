"""A day's verdicts: the episodes of every rule over the day's events, and what people said.

A word of a person overrules the rules, whatever they found; of several about one user the last
counts. What does not belong here: where the events and the words lie (`pipeline.verdicts`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Literal, cast

import duckdb
import pyarrow as pa

from ecom_platform.contracts.verdicts import BOT_VERDICTS, BY_HAND
from ecom_platform.detection.archived import Disagreement, disagreements, load_archived
from ecom_platform.detection.detections import add_detections, fold_episodes, prepare
from ecom_platform.detection.recorded_events import RULE_MS
from ecom_platform.detection.rules import all_rules
from ecom_platform.tables.parquet import arrow_schema

Says = Literal["person", "bot"]
FEWEST_EVENTS = 12
"""With fewer events on a day nobody crosses a rule that looks at one user alone."""

DAY_EVENTS = f"""
create or replace temp table day_events as
select
  coalesce(event_id, 'row ' || row_number() over ()) as event_id,
  make_timestamp(1000 * ({RULE_MS})) as event_time,
  {RULE_MS} as event_ms,
  event_type, product_id, category_id, price, user_id, user_session
from (select *, event_time as occurred_at from lake.events where event_date = ?)
"""
ALL_EVENTS = "create or replace temp view events as select * from day_events"
BUSY_EVENTS = f"""
create or replace temp view events as
select * from day_events
where user_id in (select user_id from day_events group by 1 having count(*) >= {FEWEST_EVENTS})
"""
VERDICTS = f"""
select
  entity_type, entity_id,
  case when entity_type = 'user' then cast(entity_id as bigint) end as user_id,
  rule, rule_version, severity, opened_at, last_crossed_at, crossing_count, peak_value, threshold,
  cast(to_json(evidence) as varchar) as evidence,
  entity_type = 'user' and words.says is distinct from 'person' as is_excluded,
  case when words.says = 'person' then words.reason end as overruled_reason
from episodes left join words on entity_id = cast(words.user_id as varchar)
union all
select
  'user', cast(user_id as varchar), user_id, '{BY_HAND}', 1, 'high', min(day_events.event_time),
  max(day_events.event_time), 1, 1, 0, json_object('reason', any_value(words.reason)), true, null
from day_events join words using (user_id)
where words.says = 'bot'
group by user_id
"""


@dataclass(frozen=True)
class Word:
    """What a person said of a user, and the days on which that user did anything by then."""

    user_id: int
    says: Says
    reason: str
    said_at: datetime
    said_by: str
    days: tuple[date, ...] = ()

    def to_details(self) -> dict[str, object]:
        return {
            **vars(self),
            "said_at": self.said_at.isoformat(),
            "days": [str(day) for day in self.days],
        }

    @classmethod
    def from_details(cls, details: Mapping[str, object]) -> "Word":
        return cls(
            user_id=int(str(details["user_id"])),
            says=cast("Says", details["says"]),
            reason=str(details["reason"]),
            said_at=datetime.fromisoformat(str(details["said_at"])),
            said_by=str(details["said_by"]),
            days=tuple(map(date.fromisoformat, cast("list[str]", details["days"]))),
        )


@dataclass(frozen=True)
class Archive:
    """Where the stream's crossings of a day may lie, and the zone that cuts days."""

    places: tuple[str, ...] = ()
    zone: str = "UTC"


@dataclass(frozen=True)
class Judgement:
    """The rows of `lake/bot_verdicts` of a day, and whom only one of stream and lake named; None
    where there is nothing to compare.
    """

    rows: pa.Table
    disagreements: list[Disagreement] | None


def standing(words: Iterable[Word]) -> dict[int, Word]:
    """The last word about each user."""
    return {word.user_id: word for word in sorted(words, key=lambda one: one.said_at)}


@cache
def rules_digest() -> str:
    """Equal where the rules say the same."""
    text = "\n".join(f"{rule.name} {rule.sql}" for rule in all_rules())
    return sha256(text.encode()).hexdigest()[:16]


def day_verdicts(
    connection: duckdb.DuckDBPyConnection, day: date, words: Iterable[Word], archive: Archive
) -> Judgement:
    """Judge a day by `lake.events` of the connection and by what the stream found."""
    _show_words(connection, standing(words).values())
    connection.execute(DAY_EVENTS, [day])
    connection.execute(BUSY_EVENTS)
    prepare(connection)
    rules = all_rules()
    add_detections(connection, [rule for rule in rules if rule.is_about_one_user])
    connection.execute(ALL_EVENTS)
    add_detections(connection, [rule for rule in rules if not rule.is_about_one_user])
    load_archived(connection, archive.places, day, archive.zone)
    differing = disagreements(connection, day, archive.zone)
    connection.execute("insert into detections by name from archived")
    fold_episodes(connection)
    names = ", ".join(column.name for column in BOT_VERDICTS.columns)
    found = connection.execute(
        f"select {names}, ?::date as event_date from ({VERDICTS})"
        " order by rule, entity_id, opened_at",
        [day],
    ).to_arrow_table()
    return Judgement(found.cast(arrow_schema(BOT_VERDICTS.all_columns)), differing)


def content_of(verdicts: pa.Table) -> str:
    """Equal where two versions of a day say the same."""
    text = "\n".join(map(str, verdicts.to_pylist()))
    return f"verdicts {sha256(text.encode()).hexdigest()[:16]}"


def _show_words(connection: duckdb.DuckDBPyConnection, words: Iterable[Word]) -> None:
    chosen = list(words)
    table = pa.table(
        {
            "user_id": pa.array([word.user_id for word in chosen], pa.int64()),
            "says": pa.array([word.says for word in chosen], pa.string()),
            "reason": pa.array([word.reason for word in chosen], pa.string()),
        }
    )
    connection.register("given_words", table)
    connection.execute("create or replace temp table words as select * from given_words")
    connection.unregister("given_words")
