"""Telling how far a long query is."""

import duckdb

from ecom_platform.tables.progress import progress, report_progress


def test_progress_says_share_rate_and_time_left() -> None:
    assert progress(25.0, 10.0, 4_000_000) == (
        "25 %, 1,000,000 of 4,000,000 rows, 100,000 rows/s, about 30 s left"
    )


def test_long_query_is_told_while_it_runs() -> None:
    said: list[str] = []
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = true")
        connection.execute("set enable_progress_bar_print = false")
        connection.execute("create table numbers as select range as n from range(3_000_000)")
        with report_progress(connection, said.append, "work", row_count=10, seconds_between=0.02):
            connection.execute("select max(md5(md5(n::varchar))) from numbers").fetchall()

    assert said
    assert all(line.startswith("work: ") and line.endswith("s left") for line in said)
