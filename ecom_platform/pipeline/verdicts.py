"""Days of `lake/bot_verdicts`: built from a day's events, the rules, and what people said.

A day is built anew when its events, a rule, or a word about one of its users changed; where it then
says the same as before, nothing that reads it changes. What does not belong here: what a verdict is
(`detection.verdicts`), and the Dagster asset.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue

import duckdb
import pyarrow as pa

from ecom_platform.contracts.lake import EVENTS
from ecom_platform.contracts.verdicts import BOT_VERDICTS, VERDICT_WORDS
from ecom_platform.detection.archived import DETECTIONS_PREFIX, Disagreement, folders_of
from ecom_platform.detection.verdicts import (
    Archive,
    Judgement,
    Word,
    content_of,
    day_verdicts,
    rules_digest,
)
from ecom_platform.pipeline.marts import days_with_rows, versions_of
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.commits import PublishedPartition
from ecom_platform.tables.contract_check import check_contract
from ecom_platform.tables.parquet import WrittenPartition, arrow_schema, write_table
from ecom_platform.tables.retention import StoredObject

DAYS_AT_ONCE = 2
SAID_EVERY = 10
RECENT_DAYS = 3
"""For so long the stream may still archive what it finds about a day."""


@dataclass(frozen=True)
class JudgedDay:
    """What became of a day: its rows, how many users are left out of `people`, a text that is equal
    where two versions say the same, and where stream and lake disagree.
    """

    day: date
    written: WrittenPartition
    bot_count: int
    content: str
    disagreements: list[Disagreement] | None


def stale_verdict_days(tables: TableStore) -> list[date]:
    """Days whose verdicts are missing, or were built from something else."""
    words = read_words(tables)
    versions = versions_of({EVENTS.key: tables.catalog.partitions(EVENTS)})[EVENTS.key]
    built = tables.shown_inputs(BOT_VERDICTS)
    days = days_with_rows(BOT_VERDICTS, tables)
    recent = datetime.now(UTC).date() - timedelta(days=RECENT_DAYS)
    archived = _archived(tables, [day for day in days if day >= recent])
    stale = []
    for day in sorted(days):
        inputs, _, digest = str(built.get(str(day), "")).partition("|")
        if inputs != _inputs(day, versions[day], words) or (
            day in archived and digest != _archive_digest(archived[day])
        ):
            stale.append(day)
    return stale


def build_verdicts(
    days: Sequence[date], tables: TableStore, engine: QueryEngine, say: Callable[[str], None]
) -> list[JudgedDay]:
    """Judge those of the days that have events, and publish what was found."""
    words = read_words(tables)
    wanted = sorted(days_with_rows(BOT_VERDICTS, tables, min(days), max(days)).keys() & set(days))
    if not wanted:
        return []
    # Asked for once: the rows are read from the very versions that are remembered with them.
    parts = tables.locations(EVENTS, wanted[0], wanted[-1])
    by_day = {date.fromisoformat(part.values[0]): part for part in parts}
    archived = _archived(tables, wanted)
    archives = {
        day: Archive(tuple(tables.objects.uri(one.key) for one in found), tables.store_time_zone)
        for day, found in archived.items()
    }
    with engine.workspace() as (connection, folder):
        judged = []
        for day, judgement in _judgements(engine, by_day, words, archives):
            judged.append(_written(day, judgement, folder / f"{day}.parquet"))
            if len(judged) % SAID_EVERY == 0:
                say(f"judged {len(judged)} of {len(wanted)} days")
        check_contract(connection, BOT_VERDICTS, [one.written for one in judged])
        placed = tables.upload(BOT_VERDICTS, [((str(one.day),), one.written) for one in judged])
    contents = {str(one.day): one.content for one in judged}
    drafts = [
        Draft(
            part.values[0],
            (replace(part, content=contents[part.values[0]]),),
            {
                "inputs": f"{_inputs(day, by_day[day].version, words)}"
                f"|{_archive_digest(archived[day])}",
                "rules": rules_digest(),
                "words": _said(day, words),
            },
        )
        for part in placed
        for day in [date.fromisoformat(part.values[0])]
    ]
    tables.publish(BOT_VERDICTS, drafts)
    return judged


def _judgements(
    engine: QueryEngine,
    parts: Mapping[date, PublishedPartition],
    words: Sequence[Word],
    archives: Mapping[date, Archive],
) -> Iterator[tuple[date, Judgement]]:
    """Each day with what was found, in the order of the days; some are judged at once."""
    with _idle_engines(engine) as idle, ThreadPoolExecutor(DAYS_AT_ONCE) as pool:

        def judge(day: date) -> Judgement:
            with _taken(idle) as lake:
                engine.show(lake, {EVENTS: [parts[day]]})
                return day_verdicts(lake, day, words, archives[day])

        days = sorted(archives)
        yield from zip(days, pool.map(judge, days), strict=True)


@contextmanager
def _idle_engines(engine: QueryEngine) -> Iterator[SimpleQueue[duckdb.DuckDBPyConnection]]:
    """As many engines as days are judged at once; a thread each, since their queries are small."""
    idle: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    with ExitStack() as workspaces:
        for _ in range(DAYS_AT_ONCE):
            lake, _folder = workspaces.enter_context(engine.lake_workspace())
            lake.execute("set threads = 1")
            idle.put(lake)
        yield idle


@contextmanager
def _taken(
    idle: SimpleQueue[duckdb.DuckDBPyConnection],
) -> Iterator[duckdb.DuckDBPyConnection]:
    one = idle.get()
    try:
        yield one
    finally:
        idle.put(one)


def _written(day: date, judgement: Judgement, path: Path) -> JudgedDay:
    rows = judgement.rows
    written = write_table(rows, path)
    return JudgedDay(day, written, _bot_count(rows), content_of(rows), judgement.disagreements)


def _archived(tables: TableStore, days: Sequence[date]) -> dict[date, list[StoredObject]]:
    """What the stream archived of its findings about each day; days share folders, and most have
    none.
    """
    if not days:
        return {}
    needed = {folder for day in days for folder in folders_of(day)}
    existing = needed & set(tables.objects.folders(DETECTIONS_PREFIX))
    stored = {folder: tables.objects.stored(folder) for folder in existing}
    return {day: [one for name in folders_of(day) for one in stored.get(name, [])] for day in days}


def _archive_digest(found: Sequence[StoredObject]) -> str:
    """Objects of an archive are written once, so their names say all; empty without any."""
    names = "\n".join(sorted(one.key for one in found))
    return sha256(names.encode()).hexdigest()[:16] if found else ""


def say_verdict(tables: TableStore, engine: QueryEngine, word: Word) -> Word:
    """Keep what a person says of a user, with the days on which that user did anything."""
    parts = tables.catalog.partitions(EVENTS)
    with engine.lake_workspace() as (connection, folder):
        engine.show(connection, {EVENTS: parts})
        rows = connection.execute(
            "select distinct event_date from lake.events where user_id = ? order by 1",
            [word.user_id],
        ).fetchall()
        word = replace(word, days=tuple(day for (day,) in rows))
        publish_words(tables, [*read_words(tables), word], folder)
    return word


def publish_words(tables: TableStore, words: Sequence[Word], folder: Path) -> None:
    """Make these all that people said."""
    schema = arrow_schema(VERDICT_WORDS.columns)
    table = pa.Table.from_pylist([vars(one) for one in words], schema=schema)
    written = write_table(table, folder / "words.parquet")
    placed = tables.upload(VERDICT_WORDS, [((), written)])
    details = {"words": [one.to_details() for one in words]}
    tables.publish(VERDICT_WORDS, [Draft("all", tuple(placed), details)])


def read_words(tables: TableStore) -> list[Word]:
    """Everything that people said, as it was said."""
    commits = tables.commits(VERDICT_WORDS, ["all"])
    details = commits[0].details["words"] if commits else []
    return [Word.from_details(one) for one in details]


def _inputs(day: date, version: str, words: Sequence[Word]) -> str:
    """What a day's verdicts are made from, in short."""
    text = "\n".join([version, rules_digest(), *_said(day, words)])
    return sha256(text.encode()).hexdigest()[:16]


def _said(day: date, words: Sequence[Word]) -> list[str]:
    """The words about users of a day."""
    return [f"{word.user_id} {word.says} {word.said_at}" for word in words if day in word.days]


def _bot_count(rows: pa.Table) -> int:
    users = {
        r["user_id"]
        for r in rows.select(["user_id", "is_excluded"]).to_pylist()
        if r["is_excluded"]
    }
    return len(users)
