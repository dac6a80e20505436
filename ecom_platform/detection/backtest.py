"""What another threshold would have changed: episodes kept, lost and gained over past days.

What does not belong here: where the days lie (`pipeline.backtest`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import duckdb

from ecom_platform.detection.detections import add_detections, fold_episodes, prepare
from ecom_platform.detection.rules import Rule
from ecom_platform.detection.verdicts import ALL_EVENTS, DAY_EVENTS

Fate = Literal["kept", "lost", "gained"]

FATES = """
with touching as (
  select
    before_episodes.entity_id,
    before_episodes.opened_at as before_opened_at,
    after_episodes.opened_at as after_opened_at
  from before_episodes
  join after_episodes
    on before_episodes.entity_id = after_episodes.entity_id
    and before_episodes.opened_at < after_episodes.last_crossed_at + interval '10' minute
    and after_episodes.opened_at < before_episodes.last_crossed_at + interval '10' minute
),

fates as (
  select
    case when exists (
      select 1 from touching
      where touching.entity_id = before_episodes.entity_id
        and before_opened_at = before_episodes.opened_at
    ) then 'kept' else 'lost' end as fate,
    entity_id, opened_at, peak_value
  from before_episodes
  union all
  select 'gained', entity_id, opened_at, peak_value
  from after_episodes
  where not exists (
    select 1 from touching
    where touching.entity_id = after_episodes.entity_id
      and after_opened_at = after_episodes.opened_at
  )
),

spent as (
  select cast(user_id as varchar) as entity_id, sum(price) as revenue
  from day_events where event_type = 'purchase' group by user_id
)

select fate, fates.entity_id, opened_at, peak_value, coalesce(revenue, 0)
from fates left join spent using (entity_id)
order by fate, opened_at, fates.entity_id
"""


@dataclass(frozen=True)
class Difference:
    """What becomes of one episode under the candidate, and what its user spent on that day."""

    day: date
    fate: Fate
    entity_id: str
    opened_at: datetime
    peak_value: float
    revenue: Decimal

    def sentence(self) -> str:
        return (
            f"{self.day} {self.fate}: {self.entity_id}, since {self.opened_at:%H:%M:%S}, peak"
            f" {self.peak_value:g}, spent {self.revenue}"
        )


def compare(
    connection: duckdb.DuckDBPyConnection, day: date, current: Rule, candidate: Rule
) -> list[Difference]:
    """The episodes of a day in `lake.events` under a rule and under the same rule with other
    properties; one of either is kept where they touch, as crossings of one episode do.
    """
    connection.execute(DAY_EVENTS, [day])
    connection.execute(ALL_EVENTS)
    for name, rule in (("before", current), ("after", candidate)):
        prepare(connection)
        add_detections(connection, [rule])
        fold_episodes(connection)
        connection.execute(
            f"create or replace temp table {name}_episodes as select * from episodes"
        )
    return [Difference(day, *row) for row in connection.execute(FATES).fetchall()]
