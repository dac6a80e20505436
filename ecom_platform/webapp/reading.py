"""Rows of tables through the catalog, read under a policy; they and answers are kept by version.

What does not belong here: what is asked (`dashboard.queries`), and how it looks (`drawing`).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from ecom_platform.contracts.bot_marts import RESTATEMENTS
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.contracts.table import Table
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.dashboard.pages import Chart
from ecom_platform.dashboard.policy import DEMO_FILE, PolicyError, Scope
from ecom_platform.dashboard.queries import Selection, chart_sql, within_days
from ecom_platform.definitions import Resources
from ecom_platform.resources.mart_database import MartReader
from ecom_platform.settings import Settings
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform.tables.literals import literal

CATALOG_SECONDS = 10.0
"""For so long a look at the catalog counts: a page asks for several charts."""
MOST_TABLES, MOST_ANSWERS = 24, 500
NAMES = "select distinct {column} from {table} where {column} <> 'unknown' and {days} order by 1"

Key = tuple[str, ...]


@dataclass
class Kept:
    """The tables that were asked for last, at most so many."""

    most: int
    _tables: OrderedDict[Key, pa.Table] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Key, make: Callable[[], pa.Table]) -> pa.Table:
        """The table of a key; who asks first makes it, and the others wait."""
        with self._lock:
            if key not in self._tables:
                self._tables[key] = make()
                while len(self._tables) > self.most:
                    self._tables.popitem(last=False)
            self._tables.move_to_end(key)
            return self._tables[key]


@dataclass
class Reader:
    """The tables of an installation, as the catalog shows them."""

    resources: Resources
    database: MartReader | None = None
    _rows: Kept = field(default_factory=lambda: Kept(MOST_TABLES))
    _answers: Kept = field(default_factory=lambda: Kept(MOST_ANSWERS))
    _seen: dict[str, tuple[float, list[PublishedPartition]]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "Reader":
        resources = Resources.of(settings.as_reader)
        database = resources.mart_database
        return cls(resources, database.reader() if database.url else None)

    def days(self) -> list[date]:
        """The days that have events."""
        parts = [part for part in self._partitions(EVENTS) if part.row_count]
        return [date.fromisoformat(part.values[-1]) for part in parts]

    def chart(self, chart: Chart, selection: Selection, scope: Scope) -> pa.Table:
        """What a chart shows to somebody who sees so much."""
        sql = chart_sql(chart, selection)
        return self.answer(sql, chart.mart, selection.first, selection.last, scope)

    def names(self, mart: Table, column: str, selection: Selection, scope: Scope) -> list[str]:
        """The categories or brands that somebody may choose from."""
        days = within_days(selection.first, selection.last)
        sql = NAMES.format(column=column, table=f"{mart.layer}.{mart.name}", days=days)
        found = self.answer(sql, mart, selection.first, selection.last, scope)
        return [str(value) for value in found[column].to_pylist()]

    def verdicts(self, selection: Selection, scope: Scope) -> pa.Table:
        """The verdicts of some days; they name visitors, so nobody else sees them."""
        condition = "true" if scope.is_live else "false"
        columns = "event_date, rule, entity_id, severity, opened_at, last_crossed_at, peak_value,"
        columns += " threshold, evidence, is_excluded, overruled_reason"
        sql = f"select {columns} from lake.bot_verdicts order by opened_at desc, rule, entity_id"
        return self._answered(sql, BOT_VERDICTS, selection.first, selection.last, condition)

    def restatements(self, selection: Selection, seen: set[str]) -> pa.Table:
        """What figures of some marts and days said before."""
        among = ", ".join(literal(name) for name in sorted(seen)) or "''"
        columns = "mart, event_date, audience, figure, old_value, new_value, causes, restated_at"
        sql = f"select {columns} from marts.restatements order by restated_at desc, mart, figure"
        first, last = selection.first, selection.last
        return self._answered(sql, RESTATEMENTS, first, last, f"mart in ({among})")

    def days_of(self, table: Table) -> set[date]:
        """The days that a table has."""
        return {date.fromisoformat(part.values[-1]) for part in self._partitions(table)}

    def answer(self, sql: str, mart: Table, first: date, last: date, scope: Scope) -> pa.Table:
        """A query over some days of one mart and the rows that somebody may see; money becomes a
        double.

        Where marts are in a database, it answers, and holds back rows by itself. It has all days,
        so the query names its own too.
        """
        if self.database is not None:
            return self.database.answer(sql, scope)
        return self._answered(sql, mart, first, last, scope.condition(mart))

    def _answered(
        self, sql: str, table: Table, first: date, last: date, condition: str
    ) -> pa.Table:
        inside = [
            part for part in self._partitions(table) if str(first) <= part.values[-1] <= str(last)
        ]
        versions = (table.name, *(part.location for part in inside))
        rows = self._rows.get(versions, lambda: self._fetched(table, inside))
        return self._answers.get(
            (sql, condition, *versions), lambda: _answer(sql, table, rows, condition)
        )

    def _fetched(self, table: Table, parts: Sequence[PublishedPartition]) -> pa.Table:
        with self.resources.engine.lake_workspace() as (connection, _):
            self.resources.engine.show(connection, {table: parts})
            return connection.execute(f"from {table.layer}.{table.name}").to_arrow_table()

    def _partitions(self, table: Table) -> list[PublishedPartition]:
        looked_at, found = self._seen.get(table.name, (-CATALOG_SECONDS, []))
        if time.monotonic() - looked_at > CATALOG_SECONDS:
            found = self.resources.tables.catalog.partitions(table)
            self._seen[table.name] = time.monotonic(), found
        return found


def _answer(sql: str, table: Table, rows: pa.Table, condition: str) -> pa.Table:
    """A query over those of the rows that a condition lets through."""
    with duckdb.connect() as connection:
        connection.register("kept_rows", rows)
        connection.execute(f"create schema {table.layer}")
        # A copy, so that the rows a policy hides are out of any query's reach.
        kind = "view" if condition == "true" else "table"
        connection.execute(
            f"create {kind} {table.layer}.{table.name} as select * from kept_rows where {condition}"
        )
        if kind == "table":
            connection.unregister("kept_rows")
        return plain(connection.execute(sql).to_arrow_table())


def policy_file_of(settings: Settings) -> Path:
    """The policy of an installation; on one machine the demo's, unless another is named.

    Raises:
        PolicyError: elsewhere, where none is named.

    """
    if settings.policy_file is None and settings.environment != "local":
        raise PolicyError("ECOM_POLICY names no file")
    return settings.policy_file or DEMO_FILE


def plain(found: pa.Table) -> pa.Table:
    """With doubles for decimals, which charts cannot draw."""
    types = [pa.float64() if pa.types.is_decimal(one.type) else one.type for one in found.schema]
    names = zip(found.schema.names, types, strict=True)
    return found.cast(pa.schema([pa.field(name, kind) for name, kind in names]))
