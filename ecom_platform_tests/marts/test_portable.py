"""A mart's query for engines with a catalog gives what the platform builds, bots taken out."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from ecom_platform.contracts import Table, marts
from ecom_platform.marts.building import build_mart, select_for_audiences
from ecom_platform.marts.portable import Engine, athena, mart_selects, named_query
from ecom_platform.resources.query_engine import relation
from ecom_platform.tables.parquet import ENGINE_TYPES, WrittenPartition
from ecom_platform_tests.marts.seeded import EDGE_DAYS, FIRST, edge_shop

DUCKDB = Engine(lambda table: f"{table.layer}.{table.name}", {"string": "varchar"})


def rows_of(part: WrittenPartition) -> list[str]:
    return sorted(str(row) for path in part.files for row in pq.read_table(path).to_pylist())


def mart_select(mart: Table, days: tuple[date, date], engine: Engine) -> str:
    return " union all ".join(mart_selects(mart, days, engine))


LAST = FIRST + timedelta(days=EDGE_DAYS - 1)
LONGEST_QUERY_BYTES = 262_144
"""That Athena takes."""
START, END = LAST - timedelta(days=6), LAST - timedelta(days=1)


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """Odd rows of forty days, and a user who is a bot on one of them."""
    connection = edge_shop().connection
    connection.execute("drop table if exists lake.bot_verdicts")
    connection.execute("drop view if exists lake.bot_verdicts")
    connection.execute(
        f"create table lake.bot_verdicts as select 'user' as entity_type, 3 as user_id,"
        f" 'user_flood' as rule, true as is_excluded, date '{START}' as event_date"
    )
    for mart in marts.TABLES:
        columns = ", ".join(
            f"cast({c.name} as {ENGINE_TYPES[c.type]}) as {c.name}" for c in mart.all_columns
        )
        select = select_for_audiences(connection, mart, FIRST, LAST)
        connection.execute(
            f"create or replace table marts.{mart.name} as select {columns} from ({select})"
        )
    yield connection
    connection.close()


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
def test_rows_are_those_that_the_platform_builds(
    shop: duckdb.DuckDBPyConnection, mart: Table
) -> None:
    asked = f"event_date between date '{START}' and date '{END}'"
    names = ", ".join(column.name for column in mart.all_columns)
    built = select_for_audiences(shop, mart, START, END)
    one = f"(select {names} from ({built}) where {asked})"
    other = f"(select {names} from ({mart_select(mart, (START, END), DUCKDB)}) where {asked})"
    differing = shop.execute(
        f"select count(*) from (from {one} except all from {other} union all"
        f" (from {other} except all from {one}))"
    ).fetchall()
    assert differing == [(0,)]


def test_people_are_fewer_on_the_day_of_a_bot(shop: duckdb.DuckDBPyConnection) -> None:
    sql = mart_select(marts.DAILY_VISITORS, (START, END), DUCKDB)
    counts = dict(
        shop.execute(
            f"select event_date, max(event_count) - min(event_count) from ({sql})"
            " group by 1 having max(event_count) > min(event_count)"
        ).fetchall()
    )
    assert list(counts) == [START]


@pytest.mark.parametrize("mart", [marts.DAILY_FUNNEL, marts.KPI_ANOMALIES], ids=lambda m: m.name)
def test_rows_of_another_engine_are_written_as_the_platforms_own(
    shop: duckdb.DuckDBPyConnection, mart: Table, tmp_path: Path
) -> None:
    days = [START, START + timedelta(days=3)]
    sql = mart_select(mart, (min(days), max(days)), DUCKDB)
    shop.execute(f"copy ({sql}) to '{tmp_path / 'computed'}' (format parquet)")
    computed = f"select * from read_parquet('{tmp_path / 'computed'}')"
    own = build_mart(shop, mart, days, tmp_path / "own")
    other = build_mart(shop, mart, days, tmp_path / "other", computed)
    assert sorted(own) == sorted(other) == days
    for day in days:
        assert rows_of(own[day]) == rows_of(other[day]) != []


def test_nothing_computed_gives_empty_days(shop: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mart = marts.DAILY_FUNNEL
    written = build_mart(shop, mart, [START], tmp_path / "own", relation(mart, []))
    assert [part.row_count for part in written.values()] == [0]


def test_each_input_is_read_for_its_own_days_alone() -> None:
    sql = mart_select(marts.BRAND_MARKETING_NEEDS, (END, END), athena("ecom_"))
    first = END - timedelta(days=27)
    assert (
        "from ecom_marts.daily_brand_category_activity where event_date between"
        f" date '{first}' and date '{END}'"
    ) in sql
    assert " marts.daily" not in sql


def test_a_named_query_asks_of_the_newest_day() -> None:
    sql = "select brand from marts.brand_marketing_needs where event_date = $end_date"
    assert named_query(sql, athena("ecom_")) == (
        "select brand from ecom_marts.brand_marketing_needs"
        " where event_date = (select max(event_date) from ecom_marts.daily_visitors)"
    )


def test_days_of_a_range_are_literals() -> None:
    sql = mart_select(marts.DAILY_VISITORS, (date(2026, 1, 5), date(2026, 1, 6)), athena("ecom_"))
    assert "$" not in sql


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
def test_a_query_is_one_that_athena_takes(mart: Table) -> None:
    for sql in mart_selects(mart, (START, END), athena("ecom_")):
        assert "--" not in sql
        assert ";" not in sql
        assert len(sql.encode()) < LONGEST_QUERY_BYTES
