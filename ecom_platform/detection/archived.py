"""Crossings that the stream found and archived, beside those that the rules find in the lake.

What only the stream could see is among them: records from the future, and windows that lie across
midnight. What does not belong here: which objects there are (`pipeline.verdicts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import duckdb

from ecom_platform.contracts.verdicts import CANARY_ENTITY
from ecom_platform.detection.rules import all_rules
from ecom_platform.lake.store_time import end_of_day
from ecom_platform.tables.literals import literal

DETECTIONS_PREFIX = "raw/stream_detections/"
LINE_COLUMNS = """{
  rule: 'varchar', rule_version: 'integer', entity_type: 'varchar', entity_id: 'varchar',
  severity: 'varchar', crossed_at: 'varchar', window_seconds: 'bigint',
  observed_value: 'double', threshold: 'double', evidence: 'map(varchar, double)'}"""
"""The columns of a line that the stream writes of a crossing, for DuckDB's `read_json`."""
ARCHIVED_WITHIN_SECONDS = 300
"""What the stream found is archived by then; until then the lake may know more."""
SELECT = """
create or replace temp table archived as
select
  rule, rule_version, entity_type, entity_id, severity,
  try_strptime(crossed_at, '%Y-%m-%dT%H:%M:%S.%gZ') as crossed_at,
  window_seconds, observed_value, threshold, evidence
from read_json({places}, format = 'newline_delimited', ignore_errors = true,
  columns = {columns})
where
  try_strptime(crossed_at, '%Y-%m-%dT%H:%M:%S.%gZ') >= timestamp '{start}'
  and try_strptime(crossed_at, '%Y-%m-%dT%H:%M:%S.%gZ') < timestamp '{end}'
  and (rule, rule_version) in ({rules})
  and (entity_type = 'site' or (entity_type = 'user' and try_cast(entity_id as bigint) is not null))
  and severity is not null and window_seconds is not null and evidence is not null
  and observed_value is not null and threshold is not null
  and entity_type || '#' || entity_id <> {canary}
"""
DISAGREEMENTS = f"""
with times as (select max(event_time) as last_time from day_events),

stream as (
  select distinct rule, entity_id from archived, times
  where entity_type = 'user' and crossed_at <= last_time
    and crossed_at - to_seconds(window_seconds) >= timestamp '{{start}}'
),

lake as (
  select distinct rule, entity_id from detections, times
  where entity_type = 'user' and rule in ({{rules}})
    and crossed_at < last_time - to_seconds({ARCHIVED_WITHIN_SECONDS})
)

select rule, entity_id, 'stream' from stream
where (rule, entity_id) not in (select (rule, entity_id) from detections)
union all
select rule, entity_id, 'lake' from lake
where (rule, entity_id) not in (select (rule, entity_id) from archived)
order by all
"""
IS_STREAMED = """
select coalesce(bool_and(source = 'stream'), false) from lake.events where event_date = ?
"""


@dataclass(frozen=True)
class Disagreement:
    """A user whom a rule named in one place only, of the stream and the lake."""

    rule: str
    user_id: str
    found_by: Literal["stream", "lake"]


def folders_of(day: date) -> list[str]:
    """Where the crossings of a day may lie: by arrival, which is on the day or just behind it, and
    in whichever zone the day is the store's.
    """
    days = (day + timedelta(days=n) for n in (-1, 0, 1, 2))
    return [f"{DETECTIONS_PREFIX}arrived_date={one}/" for one in days]


def load_archived(
    connection: duckdb.DuckDBPyConnection, places: Sequence[str], day: date, zone: str
) -> None:
    """Make the table `archived` of the archived crossings of a day of the store.

    Those of rules as they are today: a threshold that was changed speaks for the past too. Lines
    that are no crossing are left to who records alerts, and sets them aside.
    """
    if not places:
        connection.execute("create or replace temp table archived as from detections limit 0")
        return
    versions = ", ".join(f"({literal(rule.name)}, {rule.version})" for rule in all_rules())
    connection.execute(
        SELECT.format(
            columns=LINE_COLUMNS,
            places=f"[{', '.join(map(literal, places))}]",
            start=end_of_day(day - timedelta(days=1), zone),
            end=end_of_day(day, zone),
            canary=literal(CANARY_ENTITY),
            rules=versions,
        )
    )


def disagreements(
    connection: duckdb.DuckDBPyConnection, day: date, zone: str
) -> list[Disagreement] | None:
    """Whom the stream's rules name in `archived` and not in the `detections` of the lake, or the
    other way round; None for a day that is not the stream's alone.

    Not asked: windows that begin before the day, and alarms about the site, since the stream's
    counts the canary.
    """
    (is_streamed,) = connection.execute(IS_STREAMED, [day]).fetchone() or (False,)
    if not is_streamed:
        return None
    rules = ", ".join(literal(rule.name) for rule in all_rules() if rule.place == "stream")
    start = end_of_day(day - timedelta(days=1), zone)
    rows = connection.execute(DISAGREEMENTS.format(start=start, rules=rules)).fetchall()
    return [Disagreement(*row) for row in rows]
