"""`python -m ecom_platform.commands.detect`: the alerts that recorded events would have raised.

Every rule of the stream and of the lake runs over a file of records as the stream took them, one
JSON object a line with `arrived_at`; crossings become episodes, one line of JSON an episode.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from ecom_platform.detection.detections import EPISODES, find_episodes
from ecom_platform.detection.recorded_events import load_records


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.detect", description=__doc__
    )
    parser.add_argument("events", type=Path, help="records, one JSON object a line")
    parser.add_argument("alerts", type=Path, help="where the alerts go, one JSON object a line")
    options = parser.parse_args(arguments)
    if not options.events.is_file():
        sys.exit(f"error: there is no file {options.events}; name records: EVENTS=records.jsonl")
    started = time.monotonic()
    with duckdb.connect() as connection:
        for refused in load_records(connection, options.events):
            _say(
                f"{refused.record_count:,} records are no events: {refused.reason}, first in line"
                f" {refused.first_line:,} ({refused.detail[:120]})"
            )
        find_episodes(connection, told=_say)
        alerts = list(_alerts(connection))
    options.alerts.parent.mkdir(parents=True, exist_ok=True)
    options.alerts.write_text("".join(json.dumps(alert) + "\n" for alert in alerts), "utf-8")
    by_rule = Counter(alert["rule"] for alert in alerts)
    _say(f"{len(alerts):,} alerts in {time.monotonic() - started:.1f} s → {options.alerts}")
    print(json.dumps({"alerts": len(alerts), "by_rule": dict(sorted(by_rule.items()))}))


def _alerts(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    found = connection.execute(EPISODES)
    names = [column[0] for column in found.description or []]
    while rows := found.fetchmany(10_000):
        yield from (dict(zip(names, row, strict=True)) for row in rows)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
