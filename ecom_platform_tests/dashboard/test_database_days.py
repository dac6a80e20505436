"""Days of marts in PostgreSQL: whole at every moment, never twice, and every value as it was."""

import threading
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from ecom_platform.contracts import marts
from ecom_platform.dashboard.database import Roles, indexes
from ecom_platform.dashboard.policy import DEMO_FILE, read_policy
from ecom_platform.resources.mart_database import MartDatabase, MartReader, RowsNotLoadedError
from ecom_platform.tables.parquet import arrow_schema
from ecom_platform_tests.dashboard.made_up import DAYS, rows_of, table_of
from ecom_platform_tests.support.postgres import load

POLICY = read_policy(DEMO_FILE)
ROLES = Roles("ecom-")
MART = marts.DAILY_BRAND_CATEGORY_ACTIVITY


def test_a_day_is_old_or_new_but_never_half(database: MartDatabase, reader: MartReader) -> None:
    """A hundred times, beside two who read it all the while."""
    rows, day = table_of(MART), DAYS[0]
    of_day = rows.filter(pa.compute.equal(rows["event_date"], day))
    many = pa.concat_tables([of_day] * 40).combine_chunks()
    place = many.schema.get_field_index("view_count")
    versions = [
        many.slice(0, many.num_rows - 7 * number).set_column(
            place, "view_count", pa.array([number] * (many.num_rows - 7 * number), pa.int64())
        )
        for number in (1, 2)
    ]
    good = {(one.num_rows, number, number) for number, one in enumerate(versions, start=1)}
    asked = (
        "select count(*) as rows, min(view_count) as least, max(view_count) as most"
        f" from marts.{MART.name} where event_date = date '{day}'"
    )
    is_over, looks = threading.Event(), []

    def look() -> None:
        while not is_over.is_set():
            (found,) = reader.answer(asked, POLICY.scope_of("owner")).to_pylist()
            looks.append((found["rows"], found["least"], found["most"]))

    with database.loading() as loader:
        first = versions[0]
        loader.replace(MART, day, "1", first.to_batches(), first.num_rows)
        readers = [threading.Thread(target=look) for _ in range(2)]
        for one in readers:
            one.start()
        try:
            for turn in range(100):
                rows = versions[turn % 2]
                loader.replace(MART, day, str(turn), rows.to_batches(max_chunksize=50), len(rows))
        finally:
            is_over.set()
            for one in readers:
                one.join()
        load(loader, MART, table_of(MART))
    assert set(looks) == good, "a reader saw something else than a whole version"
    assert len(looks) > 50


def test_two_who_publish_a_day_at_once_do_not_double_it(database: MartDatabase) -> None:
    rows, day = table_of(MART), DAYS[1]
    of_day = rows.filter(pa.compute.equal(rows["event_date"], day))
    for _ in range(10):
        start = threading.Barrier(2)

        def publish(start: threading.Barrier = start) -> None:
            with database.loading() as loader:
                start.wait()
                loader.replace(MART, day, "x", of_day.to_batches(), of_day.num_rows)

        writers = [threading.Thread(target=publish) for _ in range(2)]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        assert count(database, day) == of_day.num_rows


def count(database: MartDatabase, day: date) -> int:
    with database.connect(ROLES.loader) as connection:
        sql = f"select count(*) from marts.{MART.name} where event_date = %s"
        found: Any = connection.execute(sql, [day]).fetchone()
    return int(found[0])


def test_rows_that_are_not_those_announced_change_nothing(database: MartDatabase) -> None:
    rows = table_of(MART)
    of_day = rows.filter(pa.compute.equal(rows["event_date"], DAYS[0]))
    before, known = count(database, DAYS[0]), database.published()
    with database.loading() as loader, pytest.raises(RowsNotLoadedError, match="were announced"):
        loader.replace(MART, DAYS[0], "broken", of_day.to_batches(), of_day.num_rows + 1)
    assert (count(database, DAYS[0]), database.published()) == (before, known)


def test_every_value_comes_back_as_it_was(database: MartDatabase, reader: MartReader) -> None:
    texts = [
        "",
        "null",
        'a"b',
        "x,y",
        "line\nbreak",
        "ünï🛒",
        "\\N",
        "a\0b",
        "'; drop table x",
        "unknown",
    ]
    template = next(rows_of(MART))
    day = date(2026, 2, 1)
    rows = [
        {**template, "event_date": day, "brand": text, "view_count": number}
        for number, text in enumerate(texts)
    ]
    table = pa.Table.from_pylist(rows, schema=arrow_schema(MART.all_columns))
    with database.loading() as loader:
        loader.replace(MART, day, "v", table.to_batches(), len(rows))
        sql = f"select brand, view_count from marts.{MART.name} where event_date = date '{day}'"
        found = reader.answer(f"{sql} order by view_count", POLICY.scope_of("owner"))
        assert found["brand"].to_pylist() == [text.replace("\0", "\ufffd") for text in texts]
        loader.replace(MART, day, "gone", [], 0)


def test_the_dashboard_s_days_are_found_by_an_index(database: MartDatabase) -> None:
    assert indexes(MART) == [
        ("event_date", "audience"),
        ("category_code", "event_date"),
        ("brand", "event_date"),
    ]
    with database.connect(ROLES.loader) as connection:
        connection.execute("set local enable_seqscan = off")
        for mart in marts.TABLES:
            plan = connection.execute(
                f"explain select * from marts.{mart.name} where event_date = date '2026-01-05'"
            ).fetchall()
            assert "Index" in str(plan), mart.name
