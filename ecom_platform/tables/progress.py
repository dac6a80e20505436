"""Telling how far a long query is, while it runs.

What does not belong here: who is told (a run's log, a terminal).
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

SECONDS_BETWEEN = 10.0


@contextmanager
def report_progress(
    connection: duckdb.DuckDBPyConnection,
    say: Callable[[str], None],
    what: str,
    *,
    row_count: int,
    seconds_between: float = SECONDS_BETWEEN,
) -> Iterator[None]:
    """Say every few seconds how many of `row_count` rows are done, how fast, and what is left."""
    ended = threading.Event()
    started = time.monotonic()

    def watch() -> None:
        while not ended.wait(seconds_between):
            if (percent := connection.query_progress()) > 0:
                say(f"{what}: {progress(percent, time.monotonic() - started, row_count)}")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def progress(percent: float, seconds: float, row_count: int) -> str:
    """In words: `42 %, 1,200,000 of 2,857,143 rows, 120,000 rows/s, about 14 s left`."""
    done = row_count * percent / 100
    left = seconds * (100 - percent) / percent
    return (
        f"{percent:.0f} %, {done:,.0f} of {row_count:,} rows,"
        f" {done / seconds:,.0f} rows/s, about {left:.0f} s left"
    )
