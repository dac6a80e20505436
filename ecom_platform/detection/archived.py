"""Crossings that the stream found and archived, beside those that the rules find in the lake.

What only the stream could see is among them: records from the future, and windows that lie across
midnight. What does not belong here: which objects there are (`pipeline.verdicts`).
"""

from collections.abc import Sequence
from datetime import date, timedelta

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
SELECT = """
insert into detections by name
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


def folders_of(day: date) -> list[str]:
    """Where the crossings of a day may lie: by arrival, which is on the day or just behind it, and
    in whichever zone the day is the store's.
    """
    days = (day + timedelta(days=n) for n in (-1, 0, 1, 2))
    return [f"{DETECTIONS_PREFIX}arrived_date={one}/" for one in days]


def add_archived(
    connection: duckdb.DuckDBPyConnection, places: Sequence[str], day: date, zone: str
) -> None:
    """Add the archived crossings of a day of the store to `detections`.

    Those of rules as they are today: a threshold that was changed speaks for the past too. Lines
    that are no crossing are left to who records alerts, and sets them aside.
    """
    versions = ", ".join(f"({literal(rule.name)}, {rule.version})" for rule in all_rules())
    if places:
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
