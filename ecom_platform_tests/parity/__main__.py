"""`python -m ecom_platform_tests.parity`: every mart, check, rule and named query on three engines.

A shop of odd files, made-up traffic with broken rows and (where it is at hand) the real slice is
built by the platform. Then DuckDB, a Trino on the same S3 and Glue catalog, and a local Spark are
asked the same. The last line is JSON; the command fails if a row differs, or if one of the bugs
that were planted shows on no engine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from ecom_platform.batch import Batch
from ecom_platform.contracts import TABLES, Table, marts
from ecom_platform.contracts.lake import EVENTS
from ecom_platform.detection.rules import SQL
from ecom_platform.marts.building import FILLED
from ecom_platform.settings import Settings
from ecom_platform_tests.parity.asked import asked_of, questions
from ecom_platform_tests.parity.athena_path import differing_rows, month
from ecom_platform_tests.parity.differences import Difference, difference
from ecom_platform_tests.parity.pruning import (
    duckdb_read_bytes,
    file_figures,
    file_questions,
    limit_tells_apart,
    limited,
    pruning_figures,
)
from ecom_platform_tests.parity.questions import Question, write_questions
from ecom_platform_tests.parity.shop import BOT_DAYS, build_shop
from ecom_platform_tests.parity.trino_server import Catalog, trino
from ecom_platform_tests.support.installation import Installation
from ecom_platform_tests.support.places import ROOT
from infra.local.ports import free_port

ENGINES = ("trino", "spark")


@dataclass(frozen=True)
class Compared:
    """One question to one engine."""

    engine: str
    question: Question
    difference: Difference


def read_tables() -> list[Table]:
    """All that a mart reads or is."""
    keys = {read.key for mart in marts.TABLES for read in mart.inputs}
    return [*(TABLES[key] for key in sorted(keys) if key[0] == "lake"), *marts.TABLES]


def _questions(engine: str, days: Sequence[date]) -> list[Question]:
    prefix = Settings.from_environment().database_prefix
    return questions(days, asked_of(engine, prefix))


def ask_duckdb(batch: Batch, days: Sequence[date], folder: Path) -> list[Question]:
    """What is expected: the published marts, and DuckDB's answers to the rest.

    The tables are written for Spark beside, which has no S3 here.
    """
    first, last = min(days), max(days)
    asked = _questions("duckdb", days)
    with batch.resources.engine.lake_workspace() as (connection, _):
        shown = {table: batch.tables.locations(table, first, last) for table in read_tables()}
        batch.resources.engine.show(connection, shown)
        connection.execute((SQL / "macros.sql").read_text())
        for table in shown:
            place = folder / "tables" / f"{table.layer}.{table.name}"
            place.mkdir(parents=True)
            _write(connection, f"from {table.layer}.{table.name}", place / "rows.parquet")
        for question in asked:
            _write(
                connection, _expected(question), answers_of("duckdb", folder) / question.file_name
            )
    return asked


def _expected(question: Question) -> str:
    """Of a mart what is published, unless a library filled columns of it."""
    name = question.name.removeprefix("marts/")
    if question.kind != "mart" or name in FILLED:
        return question.sql
    columns = ", ".join(column.name for column in TABLES["marts", name].all_columns)
    return f"select {columns} from marts.{name}"


def _write(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    """Parquet has no type for the sum of integers, which would become a double."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = connection.execute(f"describe ({sql})").fetchall()
    columns = ", ".join(
        f"cast({name} as decimal(38, 0)) as {name}" if kind == "HUGEINT" else str(name)
        for name, kind, *_ in kinds
    )
    connection.execute(f"copy (select {columns} from ({sql})) to '{path}' (format parquet)")


def answers_of(engine: str, folder: Path) -> Path:
    return folder / "answers" / engine


def ask_trino(batch: Batch, days: Sequence[date], folder: Path) -> dict[str, int]:
    """Ask a server of its own, over the same S3 and catalog.

    Then a month is built with its answers; mart → rows in which it differs from DuckDB's.
    """
    port = free_port()
    catalog = Catalog(
        os.environ["AWS_ENDPOINT_URL"],
        os.environ["AWS_REGION"],
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    (folder / "trino").mkdir()
    with trino(ROOT / ".venv-trino", folder / "trino", port, catalog):
        options = ["--port", str(port)]
        asked = _questions("trino", days)
        _run("trino", asked, answers_of("trino", folder), *options)
        more = limited(asked, _noted(answers_of("trino", folder), "read_bytes"))
        _run("trino", [*file_questions(asked), *more], folder / "limited", *options)
        return differing_rows(
            batch,
            month(days),
            folder / "trino",
            lambda asked, answers: _run("trino", asked, answers, *options),
        )


def _noted(answers: Path, name: str) -> Any:
    return json.loads((answers / f"{name}.json").read_text())


def ask_spark(days: Sequence[date], folder: Path) -> None:
    """Ask a local Spark over a copy of the tables."""
    tables = ["--tables", str(folder / "tables")]
    _run("spark", _questions("spark", days), answers_of("spark", folder), *tables)


def _run(engine: str, asked: Sequence[Question], answers: Path, *options: str) -> None:
    answers.mkdir(parents=True)
    file = answers / "questions.json"
    write_questions(asked, file)
    python = ROOT / f".venv-{engine}/bin/python"
    program = [str(python), "-m", f"ecom_platform_tests.parity.{engine}_program"]
    where = ["--questions", str(file), "--answers", str(answers)]
    subprocess.run([*program, *where, *options], cwd=ROOT, check=True)


def compared(asked: Iterable[Question], folder: Path) -> list[Compared]:
    """Every answer of every engine beside what was expected."""
    found = []
    errors = {
        engine: json.loads((answers_of(engine, folder) / "errors.json").read_text())
        for engine in ENGINES
    }
    for question in asked:
        expected = answers_of("duckdb", folder) / question.file_name
        for engine in ENGINES:
            error = errors[engine].get(question.name)
            answer = answers_of(engine, folder) / question.file_name
            one = Difference(0, 1, error=error) if error else difference(expected, answer)
            found.append(Compared(engine, question, one))
    return found


def report(found: Sequence[Compared]) -> dict[str, int]:
    """How many questions there were, and how many rows differ."""
    asked = {(one.question.name, one.question.kind) for one in found}
    kinds = [kind for _, kind in asked]
    honest = [one for one in found if one.question.kind != "planted bug"]
    caught = {
        one.question.name
        for one in found
        if one.question.kind == "planted bug"
        and one.difference.differing_row_count
        and not one.difference.error
    }
    differing = {
        f"{engine}_differing_rows": sum(
            one.difference.differing_row_count for one in honest if one.engine == engine
        )
        for engine in ENGINES
    }
    return {
        "marts": kinds.count("mart"),
        "checks": kinds.count("check") // 2,
        "rules": kinds.count("rule") // 2,
        "named_queries": kinds.count("named query"),
        "rows": sum(one.difference.row_count for one in honest if one.engine == "trino"),
        **differing,
        "empty_answers": len(empty_answers(found)),
        "planted_bugs": kinds.count("planted bug"),
        "planted_bugs_caught": len(caught),
    }


def empty_answers(found: Sequence[Compared]) -> list[str]:
    """Questions of which nothing was expected: that engines agree on them says little.

    A check finds nothing in what is published, and a rule at its own threshold nothing in people.
    """
    return sorted(
        {
            one.question.name
            for one in found
            if not one.difference.row_count
            and not one.difference.error
            and not one.question.name.endswith((".published", ".own"))
        }
    )


def bot_days(answers: Path) -> int:
    """On how many days people are not everybody."""
    impact = pq.read_table(answers / "marts.daily_bot_impact.parquet")
    return sum(count > 0 for count in impact["bot_count"].to_pylist())


def print_differences(found: Sequence[Compared]) -> None:
    for one in found:
        is_planted = one.question.kind == "planted bug"
        if one.difference.differing_row_count or is_planted:
            print(
                f"{one.engine}: {one.question.kind} {one.question.name}:"
                f" {one.difference.differing_row_count} rows differ;"
                f" {one.difference.error or one.difference.example}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform_tests.parity", description=__doc__
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="of made-up traffic")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ecom-parity-") as name:
        folder = Path(name)
        installation = Installation(folder / "state")
        with installation.entered(), installation.cloud_up():
            batch = installation.batch()
            print(f"building {options.rows} rows of made-up traffic and all odd files", flush=True)
            build_shop(batch, folder / "files", options.rows)
            days = [
                date.fromisoformat(part.values[0])
                for part in batch.tables.catalog.partitions(EVENTS)
                if part.row_count
            ]
            asked = ask_duckdb(batch, days, folder)
            print(f"DuckDB: {len(asked)} questions over {len(days)} days", flush=True)
            read = duckdb_read_bytes(batch, days, asked)
            by_athena = ask_trino(batch, days, folder)
            files = file_figures(batch, days, folder / "limited")
            ask_spark(days, folder)
        found = compared(asked, folder)
        trino_read, stages = (
            _noted(answers_of("trino", folder), name) for name in ("read_bytes", "stages")
        )
        is_limited = limit_tells_apart(_noted(folder / "limited", "errors"))
        bots = bot_days(answers_of("duckdb", folder))
    print_differences(found)
    for name, count in by_athena.items():
        print(f"built by Athena's path: {name}: {count} rows differ")
    figures = report(found) | {"athena_path_differing_rows": sum(by_athena.values())}
    figures |= pruning_figures(read, trino_read) | files
    figures |= {"scan_limit_stops_all_days": int(is_limited)}
    figures |= {"days_with_bots": bots, "trino_most_stages": max(stages.values())}
    print(json.dumps(figures))
    if any(count for name, count in figures.items() if name.endswith("differing_rows")):
        sys.exit("error: engines answer differently; see above")
    if bots < len(BOT_DAYS):
        sys.exit("error: no bot was found, so people are everybody")
    if figures["empty_answers"]:
        sys.exit(f"error: nothing was expected of {', '.join(empty_answers(found))}")
    if not is_limited:
        sys.exit("error: the limit of what is read does not tell one day from all days")
    if figures["planted_bugs_caught"] < figures["planted_bugs"]:
        sys.exit("error: a planted bug was seen on no engine; see above")


if __name__ == "__main__":
    main()
