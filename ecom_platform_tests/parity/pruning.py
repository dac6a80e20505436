"""What is read for one day against all days."""

import re
from collections.abc import Sequence
from datetime import date

import duckdb

from ecom_platform.batch import Batch
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.marts.portable import Engine
from ecom_platform_tests.parity.questions import Question

READ = re.compile(r"in: ([\d.]+) (bytes|[KMG]iB)")
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
ReadBytes = dict[str, int]
"""Question → bytes."""

ONE_DAY, ALL_DAYS = "one_day", "all_days"


def pruning_questions(days: Sequence[date], engine: Engine) -> list[Question]:
    """The events and money of the newest day, and of all days."""
    table = engine.table_name(EVENTS)
    figures = "count(*) as event_count, sum(price) as amount, count(distinct user_id) as user_count"
    return [
        Question(ALL_DAYS, "pruning", f"select {figures} from {table}"),
        Question(
            ONE_DAY,
            "pruning",
            f"select {figures} from {table} where event_date = date '{max(days)}'",
        ),
    ]


def duckdb_read_bytes(batch: Batch, days: Sequence[date], asked: Sequence[Question]) -> ReadBytes:
    """What DuckDB fetches over HTTP for each of the two, from partitions that the catalog names."""
    first = {ONE_DAY: max(days), ALL_DAYS: min(days)}
    found = {}
    for question in asked:
        if question.kind == "pruning":
            parts = batch.tables.locations(EVENTS, first[question.name], max(days))
            with batch.resources.engine.lake_workspace() as (connection, _):
                batch.resources.engine.show(connection, {EVENTS: parts})
                found[question.name] = _fetched(connection, question.sql)
    return found


def _fetched(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    text = connection.execute(f"explain analyze {sql}").fetchall()[0][1]
    found = READ.search(text)
    assert found, text[:500]
    return round(float(found[1]) * UNITS[found[2]])


def pruning_figures(duckdb_bytes: ReadBytes, trino: ReadBytes) -> dict[str, int]:
    """Bytes of both engines for one day and for all."""
    return {
        **{f"duckdb_{name}_bytes": duckdb_bytes[name] for name in (ONE_DAY, ALL_DAYS)},
        **{f"trino_{name}_bytes": trino[name] for name in (ONE_DAY, ALL_DAYS)},
    }
