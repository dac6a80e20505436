"""A month of every mart built as on AWS, and held against what DuckDB has published before.

Athena's client is botocore's own, with its models; its answers are made here. A real Trino runs the
SELECT inside each UNLOAD, and its rows are put where UNLOAD would have put them.
"""

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from ecom_platform.batch import Batch
from ecom_platform.contracts import Table, marts
from ecom_platform.marts.portable import athena as athena_of
from ecom_platform.marts.portable import mart_selects
from ecom_platform.pipeline.marts import build_chunk
from ecom_platform.pipeline.restatements import Run
from ecom_platform.resources.athena import Athena
from ecom_platform.resources.aws import CLIENTS
from ecom_platform.resources.query_engine import relation
from ecom_platform.settings import Settings
from ecom_platform_tests.parity.differences import difference
from ecom_platform_tests.parity.questions import Question

UNLOAD = re.compile(r"UNLOAD \((?P<select>.*)\) TO '(?P<place>s3://[^']+)' WITH \(", re.DOTALL)
PROFILE = "athena-stand-in"

Ask = Callable[[Sequence[Question], Path], None]
"""Asks Trino, and lays its answers in a folder."""


@dataclass
class _Answered:
    """What botocore wants to know of an answer that came without HTTP."""

    status_code: int = 200


@dataclass
class StandIn:
    """Answers of Athena's API, from a real Trino."""

    ask: Ask
    folder: Path
    statements: list[str] = field(default_factory=list)

    def client(self) -> Any:
        """A client that checks each request against Athena's model, and sends none."""
        client = boto3.client("athena")
        client.meta.events.register("before-call.athena.StartQueryExecution", self._start)
        client.meta.events.register("before-call.athena.GetQueryExecution", self._get)
        return client

    def _start(self, params: dict[str, Any], **_: Any) -> tuple[_Answered, dict[str, Any]]:
        statement = json.loads(params["body"])["QueryString"]
        found = UNLOAD.match(statement)
        assert found, statement[:200]
        self.statements.append(statement)
        question = Question(f"unload{len(self.statements)}", "mart", found["select"])
        answers = self.folder / question.name
        self.ask([question], answers)
        errors = json.loads((answers / "errors.json").read_text())
        assert not errors, errors
        bucket, key = found["place"].removeprefix("s3://").split("/", 1)
        rows = pq.read_table(answers / question.file_name)
        # None for no row, else several; their names have no suffix.
        for number, part in enumerate(_halves(rows)):
            name = f"{key}20260101_000000_{len(self.statements):05}_{number}"
            content = io.BytesIO()
            pq.write_table(part, content)
            boto3.client("s3").put_object(Bucket=bucket, Key=name, Body=content.getvalue())
        return _Answered(), {"QueryExecutionId": question.name}

    def _get(self, params: dict[str, Any], **_: Any) -> tuple[_Answered, dict[str, Any]]:
        execution = {
            "QueryExecutionId": json.loads(params["body"])["QueryExecutionId"],
            "Status": {"State": "SUCCEEDED"},
            "Statistics": {"DataScannedInBytes": 1, "TotalExecutionTimeInMillis": 1},
        }
        return _Answered(), {"QueryExecution": execution}


def differing_rows(batch: Batch, days: Sequence[date], folder: Path, ask: Ask) -> dict[str, int]:
    """Mart → how many rows of the days differ between the two ways.

    The second of the days is left out, and must keep its version; all others must get a new one.
    """
    asked = [day for day in days if day != days[1]]
    stand_in = StandIn(ask, folder)
    athena = Athena(
        work_group="ecom-marts",
        database_prefix=Settings.from_environment().database_prefix,
        profile=PROFILE,
    )
    CLIENTS.clients[PROFILE, "athena"] = stand_in.client()
    engine = batch.resources.engine.model_copy(update={"athena": athena})
    found = {}
    for mart in marts.TABLES:
        before = _published(batch, mart, days, folder / f"{mart.name}.duckdb.parquet")
        places = _places(batch, mart, days)
        chunk = build_chunk(mart, asked, batch.tables, engine, Run(lambda _: None))
        assert len(chunk.costs) == len(mart_selects(mart, (days[0], days[-1]), athena_of("x")))
        changed = {day for day, one in _places(batch, mart, days).items() if one != places[day]}
        bad = changed ^ {str(day) for day in asked}
        after = _published(batch, mart, days, folder / f"{mart.name}.athena.parquet")
        found[mart.name] = difference(before, after).differing_row_count + len(bad)
    return found


def _places(batch: Batch, mart: Table, days: Sequence[date]) -> dict[str, str]:
    """Day → where its rows lie now."""
    parts = batch.tables.locations(mart, days[0], days[-1])
    return {part.values[0]: part.location for part in parts}


def _halves(rows: pa.Table) -> list[pa.Table]:
    half = rows.num_rows // 2
    return [part for part in (rows.slice(0, half), rows.slice(half)) if part.num_rows]


def _published(batch: Batch, mart: Table, days: Sequence[date], path: Path) -> Path:
    """The rows that the catalog shows of some days, with the day of each row's partition."""
    parts = batch.tables.locations(mart, min(days), max(days))
    with batch.resources.engine.lake_workspace() as (connection, _):
        connection.execute(
            f"copy ({relation(mart, [part.location for part in parts])}) to '{path}'"
            " (format parquet)"
        )
    return path


def month(days: Sequence[date]) -> list[date]:
    """The days of the newest month of data: four weeks of made-up traffic."""
    return sorted(days)[-28:]
