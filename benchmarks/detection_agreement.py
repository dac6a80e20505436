"""`python -m benchmarks.detection_agreement`: whether the stream and the lake say the same.

The events of a test world go through the Flink job and through DuckDB, as one file in the order of
rule_time; every rule of the stream runs on both. Crossings, with their evidence, and the episodes
that they make must be equal. The last line is JSON.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.detection_worlds import TEST_SEED, engine, worlds
from benchmarks.stream_drain import launched, properties_of_old_events, read_files
from ecom_platform.detection.archived import LINE_COLUMNS
from ecom_platform.detection.detections import DETECTIONS, find_episodes, fold_episodes
from ecom_platform.detection.rules import all_rules
from infra.local.ports import free_port

HALF_DAY_MS = 12 * 3_600_000
SHOWN = 10
SHIFTED = """
select
  $place || '-' || event_id as event_id,
  event_ms + $shift as event_ms, make_timestamp(1000 * (event_ms + $shift)) as event_time,
  event_type, product_id, category_id, user_id, user_session
from events order by event_ms limit $count
"""
LINES = """
copy (
  select
    event_id, strftime(event_time, '%Y-%m-%dT%H:%M:%S.%gZ') as event_time, event_type, product_id,
    category_id, 'a.b' as category_code, 'brand' as brand, '9.99' as price, user_id, user_session
  from events
  order by event_ms, event_id
) to '{path}' (format json)
"""
FROM_FLINK = """
insert into detections by name
select distinct
  rule, rule_version, entity_type, entity_id, severity,
  strptime(crossed_at, '%Y-%m-%dT%H:%M:%S.%gZ') as crossed_at,
  window_seconds, observed_value, threshold, evidence
from read_json('{folder}/**/*', hive_partitioning = false, columns = {columns})
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection_agreement", description=__doc__
    )
    parser.add_argument("--events", type=int, default=500_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ecom-agreement-") as folder:
        answer = _compared(Path(folder), options.events)
    print(json.dumps(answer))
    if answer["differences"] or not answer["episodes"]:
        sys.exit("error: the stream and the lake differ, or there was nothing to compare")


def _compared(folder: Path, count: int) -> dict[str, Any]:
    """Play so many events of test worlds, one behind the other, on both engines."""
    path = folder / "events.jsonl"
    with duckdb.connect() as connection:
        _load(connection, count)
        connection.execute(LINES.format(path=path))
        find_episodes(connection, [rule for rule in all_rules() if rule.place == "stream"])
        lake = _found(connection)
    print(f"DuckDB found {len(lake['detections']):,} crossings; Flink runs now …", flush=True)
    seconds = _run_flink(path, folder)
    with duckdb.connect() as connection:
        connection.execute(DETECTIONS)
        connection.execute(
            FROM_FLINK.format(folder=folder / "out" / "detections", columns=LINE_COLUMNS)
        )
        fold_episodes(connection)
        stream = _found(connection)
    differing = [row for name in lake for row in sorted(lake[name] ^ stream[name])]
    for row in differing[:SHOWN]:
        print(f"differs: {row}")
    return {
        "events": count,
        "detections": len(lake["detections"]),
        "episodes": len(lake["episodes"]),
        "differences": len(differing),
        "flink_seconds": seconds,
    }


def _load(connection: duckdb.DuckDBPyConnection, count: int) -> None:
    """The table `events`: worlds half a day apart, since no window of the stream is that long."""
    loaded = 0
    for place, world in enumerate(worlds(is_test=True, seed=TEST_SEED)):
        with engine(world.events) as one:
            rows = one.execute(
                SHIFTED, {"place": place, "shift": place * HALF_DAY_MS, "count": count - loaded}
            )
            connection.register("rows", rows.to_arrow_table())
        kind = "insert into events" if loaded else "create table events as"
        connection.execute(f"{kind} select * from rows")
        (loaded,) = connection.execute("select count(*) from events").fetchone() or (0,)
        if loaded >= count:
            return
    raise SystemExit(f"error: the test worlds hold {loaded:,} events; ask for fewer")


def _run_flink(events: Path, folder: Path) -> float:
    """Let the application read the file to its end; the seconds that took."""
    properties = properties_of_old_events()
    read_files(properties, events, folder)
    started = time.monotonic()
    with launched(properties, folder, f"http://127.0.0.1:{free_port()}") as process:
        process.wait()
    return round(time.monotonic() - started, 1)


def _found(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Every crossing and every episode of the connection, as text."""
    tables = ("detections", "episodes")
    rows = {name: connection.execute(f"from {name}").fetchall() for name in tables}
    return {name: {str([_sorted(value) for value in row]) for row in rows[name]} for name in rows}


def _sorted(value: object) -> object:
    """Evidence has no order."""
    return sorted(value.items()) if isinstance(value, dict) else value


if __name__ == "__main__":
    main()
