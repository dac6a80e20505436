"""Marts in PostgreSQL: the same answers as from the lake, whole days, each sees what they may."""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from benchmarks.fresh_platform import fresh_database
from ecom_platform.contracts import marts
from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.database import LONGEST_ROLE, Roles
from ecom_platform.dashboard.pages import PAGES, Chart
from ecom_platform.dashboard.policy import DEMO_FILE, Policy, PolicyError, read_policy
from ecom_platform.dashboard.queries import AUDIENCES, Selection, chart_sql
from ecom_platform.resources.mart_database import (
    MartDatabase,
    MartReader,
    NotPreparedError,
)
from ecom_platform.webapp.reading import plain
from ecom_platform_tests.dashboard.made_up import DAYS, fill, table_of
from ecom_platform_tests.support.postgres import load
from infra.local.postgres import ADMIN

POLICY = read_policy(DEMO_FILE)
ROLES = Roles("ecom-")
MART = marts.DAILY_BRAND_CATEGORY_ACTIVITY
CHARTS = [chart for page in PAGES.values() for chart in page.charts]


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        fill(connection, *marts.TABLES)
        yield connection


@pytest.fixture
def own_policy(database: MartDatabase) -> Iterator[None]:
    """The test may let the database follow another policy; it follows the demo's afterwards."""
    yield
    database.prepare(POLICY, ADMIN)


def seen(reader: MartReader, mart: Table, user: str, policy: Policy = POLICY) -> set[str]:
    """The rows that the database shows to a user."""
    columns = ", ".join(column.name for column in mart.all_columns)
    answer = reader.answer(f"select {columns} from marts.{mart.name}", policy.scope_of(user))
    return {repr(row) for row in answer.to_pylist()}


def allowed(shop: duckdb.DuckDBPyConnection, mart: Table, user: str) -> set[str]:
    """The rows that the policy's own condition lets through, on DuckDB."""
    columns = ", ".join(column.name for column in mart.all_columns)
    condition = POLICY.scope_of(user).condition(mart)
    rows = shop.execute(f"select {columns} from marts.{mart.name} where {condition}")
    return {repr(row) for row in plain(rows.to_arrow_table()).to_pylist()}


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_a_chart_says_the_same_from_both(
    chart: Chart, reader: MartReader, shop: duckdb.DuckDBPyConnection
) -> None:
    for audience, categories, brands in product(
        AUDIENCES, [(), ("electronics", "apparel")], [(), ("brand a",)]
    ):
        selection = Selection(*DAYS, audience, categories, brands)
        sql = chart_sql(chart, selection)
        expected = plain(shop.execute(sql).to_arrow_table())
        found = reader.answer(sql, POLICY.scope_of("owner"))
        assert found.column_names == expected.column_names
        same = [pytest.approx(row, nan_ok=True) for row in expected.to_pylist()]
        assert found.to_pylist() == same


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
@pytest.mark.parametrize("user", POLICY.users)
def test_the_database_shows_what_the_policy_allows(
    mart: Table, user: str, reader: MartReader, shop: duckdb.DuckDBPyConnection
) -> None:
    assert seen(reader, mart, user) == allowed(shop, mart, user)


def test_a_category_manager_sees_their_rows_and_the_allowed_totals(
    reader: MartReader, shop: duckdb.DuckDBPyConnection
) -> None:
    everything = allowed(shop, MART, "owner")
    rows = seen(reader, MART, "electronics")
    assert rows
    assert rows == {
        row
        for row in everything
        if "'electronics'" in row or "electronics.a" in row or "electronics.x" in row
    }
    assert rows < everything
    assert seen(reader, marts.DAILY_FUNNEL, "electronics") == allowed(
        shop, marts.DAILY_FUNNEL, "owner"
    )
    assert not seen(reader, marts.DAILY_CART_ABANDONMENT, "electronics")


WITHOUT: dict[str, dict[str, Any]] = {
    "categories": {"categories": ()},
    "brands": {"brands": ()},
    "totals": {"totals": ()},
    "one total": {"totals": ("daily_visitors",)},
}


@pytest.mark.parametrize("line", WITHOUT)
def test_taking_a_line_out_of_the_policy_hides_rows(
    line: str, database: MartDatabase, reader: MartReader, own_policy: None
) -> None:
    before = {mart.name: seen(reader, mart, "electronics") for mart in marts.TABLES}
    role = POLICY.roles["electronics"].model_copy(update=WITHOUT[line])
    less = Policy(roles={**POLICY.roles, "electronics": role}, users=POLICY.users)
    database.prepare(less, ADMIN)
    after = {mart.name: seen(reader, mart, "electronics", less) for mart in marts.TABLES}
    assert after != before
    assert all(after[name] <= before[name] for name in before)


def test_taking_a_policy_out_of_the_database_hides_its_rows(
    database: MartDatabase, reader: MartReader, own_policy: None
) -> None:
    assert seen(reader, MART, "electronics")
    with database.connect_as_admin(ADMIN) as admin:
        admin.execute(f"drop policy electronics on marts.{MART.name}")
    assert not seen(reader, MART, "electronics")
    assert seen(reader, MART, "owner")


def test_a_database_that_follows_another_policy_answers_nobody(
    database: MartDatabase, reader: MartReader, own_policy: None
) -> None:
    users = {name: roles for name, roles in POLICY.users.items() if name != "electronics"}
    without = Policy(roles=POLICY.roles, users=users)
    with pytest.raises(PolicyError, match="make prepare-database"):
        seen(reader, MART, "owner", without)
    database.prepare(without, ADMIN)
    assert seen(reader, MART, "owner", without)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="user:electronics"):
        seen(reader, MART, "electronics", without)


@pytest.mark.parametrize("user", ["stranger", ""])
def test_who_is_not_named_gets_no_answer(user: str, reader: MartReader) -> None:
    with pytest.raises(psycopg.Error):
        seen(reader, MART, user)


def test_the_dashboard_by_itself_sees_and_changes_nothing(database: MartDatabase) -> None:
    delete = f"set transaction read write; delete from marts.{MART.name}"
    tries = [
        f"select count(*) from marts.{MART.name}",
        "select count(*) from marts.published",
        delete,
        f'set role "{ROLES.loader}"',
        f"set role {ADMIN}",
        f'set local role "{ROLES.user("owner")}"; {delete}',
    ]
    for statement in tries:
        with database.connect(ROLES.dashboard) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


def test_a_mart_whose_columns_changed_is_made_anew(
    database: MartDatabase, reader: MartReader, own_policy: None
) -> None:
    other = marts.DAILY_FUNNEL
    before = database.published()
    with database.connect_as_admin(ADMIN) as admin:
        admin.execute(f"comment on table marts.{other.name} is 'of an older release'")
    database.prepare(POLICY, ADMIN)
    assert not seen(reader, other, "owner")
    gone = before.keys() - database.published().keys()
    assert {mart for mart, _ in gone} == {other.name}
    with database.loading() as loader:
        load(loader, other, table_of(other))
    assert seen(reader, other, "owner")
    assert seen(reader, MART, "owner")


def test_a_database_that_nobody_prepared_says_what_to_do(tmp_path: Path) -> None:
    with fresh_database(tmp_path, POLICY) as database:
        with database.connect_as_admin(ADMIN) as admin:
            admin.execute("drop table marts.published")
        with pytest.raises(NotPreparedError, match="make prepare-database"):
            database.published()


def test_a_long_name_is_cut_and_told_apart() -> None:
    first, second = (ROLES.user(f"{'ä' * 40}@{place}.example") for place in ("a", "b"))
    assert first != second
    assert all(len(name.encode()) <= LONGEST_ROLE for name in (first, second))
    assert ROLES.user("ann") == "ecom-user:ann"


def test_on_aws_a_token_of_iam_is_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    database = MartDatabase(url="postgresql://db.example:5433/ecom", has_iam=True)
    login = database.login("ecom-dashboard")
    assert (login["user"], login["sslmode"]) == ("ecom-dashboard", "require")
    assert login["password"].startswith("db.example:5433/?Action=connect&DBUser=ecom-dashboard")


def test_an_administrator_as_aurora_has_one_is_enough(tmp_path: Path) -> None:
    """Who may create roles and databases, and is no superuser; twice, with another policy."""
    with fresh_database(tmp_path, POLICY) as server, server.connect_as_admin(ADMIN) as root:
        root.autocommit = True
        root.execute("create role aurora login createrole createdb")
        root.execute("create role rds_iam nologin")
        root.execute("grant rds_iam to aurora with admin option")
        root.execute("create database serving owner aurora")
        password = Path(os.environ["PGPASSFILE"]).read_text().strip().rsplit(":", 1)[1]
        root.execute(f"alter role aurora password '{password}'")
        url = str(server.url).replace("/postgres", "/serving")
        database = MartDatabase(url=url, prefix="other-")
        database.prepare(POLICY, "aurora")
        users: dict[str, tuple[str, ...]] = {"ann@example.com": ("analyst",)}
        database.prepare(Policy(roles=POLICY.roles, users=users), "aurora")
        found = {row[0] for row in root.execute("select rolname from pg_roles")}
    assert "other-user:ann@example.com" in found
    assert "other-user:owner" not in found
    assert "ecom-user:owner" in found, "another installation on the same server"
