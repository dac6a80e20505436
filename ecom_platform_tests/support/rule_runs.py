"""A rule's query on DuckDB over a list of events, in the form of the plain loops."""

import duckdb
import pyarrow as pa

from ecom_platform.detection.detections import RULE_COLUMNS, prepare
from ecom_platform_tests.support.rule_events import RuleEvent
from ecom_platform_tests.support.rule_reference import Crossing


def engine(events: list[RuleEvent]) -> duckdb.DuckDBPyConnection:
    """A connection in which rules find these events."""
    rows = pa.table(
        {
            "event_id": [one.event_id or f"#{place}" for place, one in enumerate(events)],
            "user_id": pa.array([one.user_id for one in events], pa.int64()),
            "event_ms": pa.array([one.ms for one in events], pa.int64()),
            "event_type": pa.array([one.event_type for one in events], pa.string()),
            "product_id": pa.array([one.product_id for one in events], pa.int64()),
            "category_id": pa.array([one.category_id for one in events], pa.int64()),
            "user_session": pa.array([one.session for one in events], pa.string()),
        }
    )
    connection = duckdb.connect()
    connection.register("rows", rows)
    connection.execute(
        "create table events as select *, make_timestamp(event_ms * 1000) as event_time from rows"
    )
    prepare(connection)
    return connection


def crossings_on(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Crossing]:
    """What a rule's query gives there, sorted."""
    answer = connection.execute(sql)
    names = [column[0] for column in answer.description or []]
    found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    return sorted(
        (
            str(row["entity_id"]),
            round(row["event_time"].timestamp() * 1000),
            float(row["observed_value"]),
            tuple(sorted((n, float(row[n])) for n in names if n not in RULE_COLUMNS)),
        )
        for row in found
    )


def crossings(sql: str, events: list[RuleEvent]) -> list[Crossing]:
    """What a rule's query gives over some events, sorted."""
    with engine(events) as connection:
        return crossings_on(connection, sql)
