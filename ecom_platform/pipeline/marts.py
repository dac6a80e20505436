"""Building days of a mart, and which days are not built from what its inputs are now.

Every version of a mart remembers what it was built from; comparing that with the catalog alone
decides, so that nothing needs to be remembered of runs that died.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import duckdb

from ecom_platform.contracts import TABLES, Table
from ecom_platform.contracts.lake import EVENT_DAYS, EVENTS
from ecom_platform.marts.building import (
    Problem,
    build_mart,
    check_problems,
    contract_problems,
    show_draft,
)
from ecom_platform.marts.portable import athena as in_athena
from ecom_platform.marts.portable import mart_selects
from ecom_platform.marts.queries import mart_checks
from ecom_platform.pipeline.restatements import Restater, Run, made_from
from ecom_platform.resources.athena import Athena, Unloaded
from ecom_platform.resources.query_engine import QueryEngine, relation
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform.tables.literals import literal
from ecom_platform.tables.parquet import WrittenPartition
from ecom_platform.tables.progress import report_progress

CHUNK_ROWS = 12_000_000
"""Event rows that one query reads at most (or one day): it bounds memory, whatever the range."""
PREVIEW_ROWS = 10


class InputsChangedError(RuntimeError):
    """Another run published what a mart reads while Athena, which reads the newest, computed it."""


Partitions = Mapping[tuple[str, str], Sequence[PublishedPartition]]
"""Table → its partitions that are read."""

Versions = Mapping[tuple[str, str], Mapping[date, str]]
"""Table → day → the version that the catalog shows."""


def input_partitions(mart: Table, tables: TableStore, days: Sequence[date]) -> Partitions:
    """The partitions of all that some days of a mart read, as the catalog shows them now."""
    return {
        read.key: tables.locations(TABLES[read.key], *read.dates(min(days), max(days)))
        for read in mart.inputs
    }


def versions_of(partitions: Partitions) -> Versions:
    """The versions of what a mart reads.

    The ledger of days says to a mart only what the version of the events says too.
    """
    return {
        key: {date.fromisoformat(part.values[0]): part.version for part in parts}
        for key, parts in partitions.items()
        if key != EVENT_DAYS.key
    }


def inputs_of(mart: Table, day: date, versions: Versions) -> str:
    """What a day of a mart is built from, in short: equal inputs, equal rows."""
    read = [
        f"{key}:{around}:{versions[key].get(around, '')}"
        for key in sorted(versions)
        for around in _window(mart, key, day)
    ]
    return sha256("\n".join(read).encode()).hexdigest()[:16]


def _window(mart: Table, key: tuple[str, str], day: date) -> list[date]:
    read = next(found for found in mart.inputs if found.key == key)
    return [
        day + timedelta(days=offset) for offset in range(-read.days_before, read.days_after + 1)
    ]


def days_with_rows(
    mart: Table, tables: TableStore, start: date | None = None, end: date | None = None
) -> dict[date, int]:
    """Days that a mart can have rows of, and how many events each has.

    A day that lost all its events stays among them while the mart has rows of it.
    """
    shown = {
        part.values[0] for part in tables.catalog.partitions(mart, start, end) if part.row_count
    }
    return {
        date.fromisoformat(part.values[0]): part.row_count
        for part in tables.catalog.partitions(EVENTS, start, end)
        if part.row_count or part.values[0] in shown
    }


def stale_days(mart: Table, tables: TableStore) -> list[date]:
    """Days of which the mart is missing, or was built from something else."""
    days = list(days_with_rows(mart, tables))
    if not days:
        return []
    versions = versions_of(input_partitions(mart, tables, days))
    built = tables.shown_inputs(mart)
    return [day for day in days if inputs_of(mart, day, versions) != built.get(str(day))]


@dataclass(frozen=True)
class MartDay:
    """A day of a mart that was built: published, unless a problem of it is an error."""

    day: date
    written: WrittenPartition
    problems: tuple[Problem, ...]

    @property
    def is_good(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True)
class MartChunk:
    """Days that were built together, the first rows of them, and the queries that Athena bills."""

    days: tuple[MartDay, ...]
    preview: list[dict[str, Any]]
    costs: tuple[Unloaded, ...] = ()


def chunks_of(
    days: Sequence[date], tables: TableStore, mart: Table, *, is_bounded: bool = True
) -> Iterator[list[date]]:
    """Those of the days that have events, in runs of days that one query can take.

    Unbounded, where many machines take it, that is one run: each reads its days before anew.
    """
    found = days_with_rows(mart, tables, min(days), max(days))
    reads_events = EVENTS.key in {read.key for read in mart.inputs}
    limit = CHUNK_ROWS if reads_events and is_bounded else float("inf")
    chunk: list[date] = []
    rows = 0
    for day in sorted(found.keys() & set(days)):
        if chunk and rows + found[day] > limit:
            yield chunk
            chunk, rows = [], 0
        chunk.append(day)
        rows += found[day]
    if chunk:
        yield chunk


def build_chunk(
    mart: Table,
    days: Sequence[date],
    tables: TableStore,
    engine: QueryEngine,
    run: Run,
) -> MartChunk:
    """Build some days of a mart, check them, and publish those that keep every rule."""
    # Asked for once: the rows are read from the very versions that are remembered with them.
    partitions = input_partitions(mart, tables, days)
    versions = versions_of(partitions)
    sources = made_from(mart, days, tables)
    # Before there are credentials that could expire meanwhile.
    computed = computed_by_athena(mart, days, tables, versions, engine.athena)
    with engine.lake_workspace() as (connection, folder):
        engine.show_once_read(connection, {TABLES[key]: parts for key, parts in partitions.items()})
        rows_to_read = sum(part.row_count for parts in partitions.values() for part in parts)
        with report_progress(connection, run.say, mart.name, row_count=rows_to_read):
            rows = computed.rows if computed else None
            written = build_mart(connection, mart, days, folder / "mart", rows)
        show_draft(connection, mart, written)
        problems = _problems(connection, mart, days)
        name = f"{mart.layer}.{mart.name}"
        first_rows = connection.execute(
            f"select * from {name} order by event_date desc limit {PREVIEW_ROWS}"
        ).to_arrow_table()
        built = tuple(
            MartDay(day, written[day], tuple(p for p in problems if p.day in (day, None)))
            for day in days
        )
        good = {one.day: one.written for one in built if one.is_good}
        Restater(tables, engine, run.run_id).record(mart, good, sources)
        placed = tables.upload(mart, [((str(day),), one) for day, one in good.items()])
        drafts = [
            Draft(
                part.values[0],
                (part,),
                {"inputs": inputs_of(mart, day, versions), "made_from": sources.get(day)},
            )
            for part in placed
            for day in [date.fromisoformat(part.values[0])]
        ]
        tables.publish(mart, drafts)
    return MartChunk(built, first_rows.to_pylist(), computed.costs if computed else ())


def _problems(
    connection: duckdb.DuckDBPyConnection, mart: Table, days: Sequence[date]
) -> list[Problem]:
    """Where the draft that is shown breaks the contract, or a check."""
    found = contract_problems(connection, mart)
    for check in mart_checks(mart):
        found += check_problems(connection, check, days)
    return found


@dataclass(frozen=True)
class Computed:
    """Rows that Athena has written: a query over them, and what they cost."""

    rows: str
    costs: tuple[Unloaded, ...]


def computed_by_athena(
    mart: Table,
    days: Sequence[date],
    tables: TableStore,
    versions: Versions,
    athena: Athena | None,
) -> Computed | None:
    """Let Athena compute some days of a mart, where it is there.

    The rows lie among the table's data, where the cleaner removes them: no version names them.

    Raises:
        InputsChangedError: it may not have read the versions that were asked for.

    """
    if athena is None:
        return None
    place = f"{mart.prefix}/data/{uuid.uuid4().hex[:16]}/computed/"
    selects = mart_selects(mart, (min(days), max(days)), in_athena(athena.database_prefix))
    costs = tuple(
        athena.unload(select, tables.objects.uri(f"{place}{number}/"))
        for number, select in enumerate(selects)
    )
    if versions_of(input_partitions(mart, tables, days)) != versions:
        raise InputsChangedError(f"what {mart.name} reads was published anew meanwhile")
    # An UNLOAD of nothing writes no file.
    files = ", ".join(literal(tables.objects.uri(key)) for key in tables.objects.list_keys(place))
    rows = f"select * from read_parquet([{files}])" if files else relation(mart, [])
    return Computed(rows, costs)
