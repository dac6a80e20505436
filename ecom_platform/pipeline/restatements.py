"""What a published figure said before, and why it says something else now.

Kept for marts of one row a day and audience: each figure that a new version changes after the first
version of a day that was not partial. What does not belong here: building a mart (`marts`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ecom_platform.contracts import Table
from ecom_platform.contracts.bot_marts import RESTATEMENTS
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.marts.queries import mart_sql
from ecom_platform.pipeline.erasure_requests import count_requests
from ecom_platform.resources.query_engine import QueryEngine, relation
from ecom_platform.resources.table_store import Draft, TableStore
from ecom_platform.tables.parquet import WrittenPartition, arrow_schema, write_table

DAY_GRAIN = ("event_date", "audience")
MadeFrom = dict[str, Any]
"""What a day of a mart was made from, as its commit remembers it."""
MadeFromByDay = Mapping[date, MadeFrom]


@dataclass(frozen=True)
class Change:
    """One figure of one day that says something else."""

    audience: str
    figure: str
    old: str
    new: str


def is_restated(mart: Table) -> bool:
    """Whether a mart has one row a day and audience."""
    return mart.primary_key == DAY_GRAIN


def made_from(mart: Table, days: Sequence[date], tables: TableStore) -> dict[date, MadeFrom]:
    """What the days are made from now: events and their files, verdicts, rules, words, the code."""
    if not is_restated(mart):
        return {}
    names = [str(day) for day in days]
    events = {commit.name: commit for commit in tables.commits(EVENTS, names)}
    verdicts = {commit.name: commit for commit in tables.commits(BOT_VERDICTS, names)}
    code = sha256(mart_sql(mart).encode()).hexdigest()[:16]
    erasures = count_requests(tables.objects)
    found: dict[date, MadeFrom] = {}
    for day in days:
        event, verdict = events.get(str(day)), verdicts.get(str(day))
        found[day] = {
            "events": event.partitions[0].version if event else "",
            "files": sorted(event.details["inputs"]) if event else [],
            "is_export": event is not None and event.details["ledger"]["source"] == "export",
            "is_partial": event is None or event.details["ledger"]["is_partial"],
            "verdicts": verdict.partitions[0].version if verdict else "",
            "rules": verdict.details.get("rules", "") if verdict else "",
            "words": verdict.details.get("words", []) if verdict else [],
            "code": code,
            "erasures": erasures,
        }
    return found


def causes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Why a day says something else, of a closed list; `neighbouring_day` where nothing of its own
    changed.
    """
    found = []
    if before["events"] != now["events"]:
        if now["is_export"] and not before["is_export"]:
            found.append("export_arrived")
        elif before.get("erasures", 0) != now["erasures"]:
            found.append("erasure")
            # Rewritten files have other versions, but the same names.
            if _names(before["files"]) != _names(now["files"]):
                found.append("late_events")
        elif before["files"] != now["files"]:
            found.append("late_events")
        else:
            found.append("replay")
    if before["words"] != now["words"]:
        found.append("overruling")
    elif before["rules"] != now["rules"]:
        found.append("rule_version")
    elif before["verdicts"] != now["verdicts"]:
        found.append("verdict")
    if before["code"] != now["code"]:
        found.append("code_version")
    return found or ["neighbouring_day"]


def _names(file_ids: Sequence[str]) -> set[str]:
    return {file_id.rpartition("@")[0] for file_id in file_ids}


def changes(
    connection: duckdb.DuckDBPyConnection, mart: Table, old: str, new: WrittenPartition
) -> list[Change]:
    """The figures that differ between the version at a location and one that was just written."""
    before = _rows(connection, relation(mart, [old]))
    files = ", ".join(f"'{path}'" for path in new.files)
    after = _rows(connection, f"select * from read_parquet([{files}])")
    names = [c.name for c in mart.columns if c.name not in DAY_GRAIN]
    return [
        Change(audience, name, str(before[audience][name]), str(after[audience][name]))
        for audience in sorted(before.keys() & after.keys())
        for name in names
        if str(before[audience][name]) != str(after[audience][name])
    ]


@dataclass(frozen=True)
class Run:
    """The run that builds days of marts, and where its progress is told."""

    say: Callable[[str], None]
    run_id: str = ""


@dataclass(frozen=True)
class Restater:
    """Appends to `marts/restatements` for one run."""

    tables: TableStore
    engine: QueryEngine
    run_id: str

    def record(
        self, mart: Table, written: Mapping[date, WrittenPartition], sources: MadeFromByDay
    ) -> None:
        """Append what new versions of days change, before they are shown.

        A run that died between this and the new version finds its own rows here, and adds none.
        """
        if not is_restated(mart):
            return
        drafts = []
        with self.engine.lake_workspace() as (connection, folder):
            for commit in self.tables.commits(mart, [str(day) for day in written]):
                day, before = date.fromisoformat(commit.name), commit.details.get("made_from")
                if not before or before["is_partial"]:
                    continue
                old = self.engine.own_location(commit.partitions[0].location)
                found = changes(connection, mart, old, written[day])
                why = ",".join(causes(before, sources[day]))
                said = _said_before(connection, mart, day, self.tables) if found else []
                if fresh := _fresh(found, said):
                    rows = [*said, *(_row(mart, day, one, why, self.run_id) for one in fresh)]
                    drafts.append(_draft(mart, day, rows, self.tables, folder))
            self.tables.publish(RESTATEMENTS, drafts)


def _fresh(found: Sequence[Change], said: Sequence[Mapping[str, Any]]) -> list[Change]:
    """Changes that were not the last thing said of their figures."""
    last = {(row["audience"], row["figure"]): row["new_value"] for row in said}
    return [one for one in found if last.get((one.audience, one.figure)) != one.new]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, dict[str, Any]]:
    found = connection.execute(sql).to_arrow_table().to_pylist()
    return {row["audience"]: row for row in found}


def _name(mart: Table, day: date) -> str:
    return f"{mart.name}.{day}"


def _said_before(
    connection: duckdb.DuckDBPyConnection, mart: Table, day: date, tables: TableStore
) -> list[dict[str, Any]]:
    """The rows of a day of a mart as they were published last, the oldest first."""
    commits = tables.commits(RESTATEMENTS, [_name(mart, day)])
    if not commits:
        return []
    sql = relation(RESTATEMENTS, [commits[0].partitions[0].location])
    rows: list[dict[str, Any]] = (
        connection.execute(f"select * from ({sql}) order by restated_at")
        .to_arrow_table()
        .to_pylist()
    )
    return rows


def _row(mart: Table, day: date, change: Change, why: str, run_id: str) -> dict[str, Any]:
    return {
        "audience": change.audience,
        "figure": change.figure,
        "old_value": change.old,
        "new_value": change.new,
        "causes": why,
        "run_id": run_id,
        "restated_at": datetime.now(UTC).replace(tzinfo=None),
        "mart": mart.name,
        "event_date": day,
    }


def _draft(
    mart: Table, day: date, rows: list[dict[str, Any]], tables: TableStore, folder: Path
) -> Draft:
    table = pa.Table.from_pylist(rows, schema=arrow_schema(RESTATEMENTS.all_columns))
    written = write_table(table, folder / f"{_name(mart, day)}.parquet")
    placed = tables.upload(RESTATEMENTS, [((mart.name, str(day)), written)])
    return Draft(_name(mart, day), tuple(placed))
