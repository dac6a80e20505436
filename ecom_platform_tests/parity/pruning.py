"""What is read for one day against all days, and that a limit stops a query without a partition."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from ecom_platform.batch import Batch
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.marts.portable import Engine
from ecom_platform_tests.parity.questions import Question

READ = re.compile(r"in: ([\d.]+) (bytes|[KMG]iB)")
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
ReadBytes = dict[str, int]
"""Question → bytes."""

Errors = dict[str, str]
"""Question → what it was refused with."""

ONE_DAY, ALL_DAYS, LIMITED, FILES = "one_day", "all_days", ".limited", ".files"
COPIES = 16
"""So often each is read by one query, which then lasts some seconds: Trino looks once a second."""


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


def limited(asked: Sequence[Question], read: ReadBytes) -> list[Question]:
    """The same once more, under a limit between what one day and what all days read."""
    limit = COPIES * (read[ONE_DAY] + read[ALL_DAYS]) // 2
    return [
        Question(f"{one.name}{LIMITED}", "limited", " union all ".join([one.sql] * COPIES), limit)
        for one in asked
        if one.kind == "pruning"
    ]


def file_questions(asked: Sequence[Question]) -> list[Question]:
    """How many files Trino reads for each of the two."""
    return [
        Question(
            f"{one.name}{FILES}",
            "limited",
            f'select count(distinct "$path") as file_count{one.sql[one.sql.index(" from ") :]}',
        )
        for one in asked
        if one.kind == "pruning"
    ]


def file_figures(batch: Batch, days: Sequence[date], answers: Path) -> dict[str, int]:
    """Files that DuckDB is given for one day and for all, and those that Trino read."""
    found = {}
    for name, first in {ONE_DAY: max(days), ALL_DAYS: min(days)}.items():
        places = [part.location for part in batch.tables.locations(EVENTS, first, max(days))]
        keys = [batch.tables.objects.key_of(place) for place in places]
        found[f"duckdb_{name}_files"] = sum(
            len(batch.tables.objects.list_keys(key)) for key in keys
        )
        (row,) = pq.read_table(answers / f"{name}{FILES}.parquet").to_pylist()
        found[f"trino_{name}_files"] = row["file_count"]
    return found


def limit_tells_apart(errors: Errors) -> bool:
    """Whether the query over all days was stopped, and the one with a partition was not."""
    is_stopped = "EXCEEDED_SCAN_LIMIT" in errors.get(f"{ALL_DAYS}{LIMITED}", "")
    return is_stopped and f"{ONE_DAY}{LIMITED}" not in errors


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
