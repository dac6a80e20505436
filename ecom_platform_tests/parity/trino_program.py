"""`python -m ecom_platform_tests.parity.trino_program`: asks a Trino, in an environment of its own.

Answers become Parquet, a file a question. What an engine refuses is written as an error beside.
"""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from trino.dbapi import Connection, Cursor, connect
from trino.exceptions import TrinoQueryError

from ecom_platform_tests.parity.questions import Question, answer_each, arguments

SCAN_LIMIT = "query_max_scan_physical_bytes"
"""Where Trino has what Athena calls a work group's limit."""
NODE_SECONDS = 60
INTEGERS = {"tinyint", "smallint", "integer", "bigint"}


def arrow_type(kind: str) -> pa.DataType:
    """An Arrow type for what Trino calls a column's type."""
    name, _, rest = kind.partition("(")
    if name in INTEGERS:
        return pa.int64()
    if name == "decimal":
        precision, scale = rest.rstrip(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    if name == "timestamp":
        return pa.timestamp("us", tz="UTC" if kind.endswith("with time zone") else None)
    simple = {"double": pa.float64(), "boolean": pa.bool_(), "date": pa.date32()}
    return simple.get(name, pa.string())


@dataclass
class Notes:
    """Question → what Trino refused it with, what it read, and in how many stages."""

    errors: dict[str, str] = field(default_factory=dict)
    read_bytes: dict[str, int] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)


def stage_count(stage: dict[str, Any] | None) -> int:
    """Of a query plan; engines limit it, as each stage keeps workers busy."""
    return 1 + sum(map(stage_count, stage.get("subStages", []))) if stage else 0


def _rows(cursor: Cursor, sql: str) -> list[list[Any]]:
    """The rows of a query. A server that has just started answers before it knows its only node."""
    for _ in range(NODE_SECONDS):
        try:
            cursor.execute(sql)
            return list(cursor.fetchall())
        except TrinoQueryError as error:
            if error.error_name != "NO_NODES_AVAILABLE":
                raise
            time.sleep(1)
    raise TimeoutError(f"Trino has had no node for {NODE_SECONDS} s")


def answer(connection: Connection, question: Question, folder: Path, notes: Notes) -> None:
    """Write the answer to a question."""
    cursor = connection.cursor()
    if question.scan_limit_bytes is not None:
        cursor.execute(f"set session {SCAN_LIMIT} = '{question.scan_limit_bytes}B'").fetchall()
    try:
        rows = _rows(cursor, question.sql)
    except TrinoQueryError as error:
        notes.errors[question.name] = f"{error.error_name}: {error.message}"
        return
    notes.read_bytes[question.name] = cursor.stats["physicalInputBytes"]
    notes.stages[question.name] = stage_count(cursor.stats.get("rootStage"))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(cursor.description)
    arrays = {
        column[0]: pa.array(list(values), arrow_type(column[1]))
        for column, values in zip(cursor.description, columns, strict=True)
    }
    pq.write_table(pa.table(arrays), folder / question.file_name)


def main() -> None:
    parser = arguments()
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    connection = connect(host="127.0.0.1", port=options.port, user="parity", catalog="lake")
    notes = Notes()
    answer_each(
        "Trino",
        options.questions,
        lambda question: answer(connection, question, options.answers, notes),
    )
    for name, values in vars(notes).items():
        (options.answers / f"{name}.json").write_text(json.dumps(values))


if __name__ == "__main__":
    main()
