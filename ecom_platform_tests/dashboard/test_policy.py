"""Who may see what: no row, total, chart, rule or download shows more than the policy says."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ecom_platform.contracts import marts
from ecom_platform.contracts.table import Table
from ecom_platform.dashboard import policy
from ecom_platform.dashboard.measures import has_column
from ecom_platform.dashboard.policy import DEMO_FILE, Policy, PolicyError, Role, read_policy
from ecom_platform_tests.dashboard.made_up import fill
from infra.quicksight.rules import rules_columns, rules_sql

POLICY = read_policy(DEMO_FILE)
ALLOWED = {"electronics", "electronics.audio"}
TOTALS = {"daily_visitors", "daily_funnel"}
USERS = [*POLICY.users, "stranger"]


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        fill(connection, *marts.TABLES)
        yield connection


def seen(connection: duckdb.DuckDBPyConnection, mart: Table, user: str | None) -> set[str]:
    """The rows of a mart that somebody sees."""
    condition = POLICY.scope_of(user).condition(mart)
    rows = connection.execute(f"select * from marts.{mart.name} where {condition}").fetchall()
    return {str(row) for row in rows}


def everything(connection: duckdb.DuckDBPyConnection, mart: Table) -> set[str]:
    return {str(row) for row in connection.execute(f"from marts.{mart.name}").fetchall()}


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
def test_a_category_manager_sees_the_categories_and_the_allowed_totals(
    shop: duckdb.DuckDBPyConnection, mart: Table
) -> None:
    found = seen(shop, mart, "electronics")
    if not has_column(mart, "category_code"):
        assert found == (everything(shop, mart) if mart.name in TOTALS else set())
        return
    wanted = shop.execute(
        f"select * from marts.{mart.name}"
        " where category_code = 'electronics' or starts_with(category_code, 'electronics.')"
    ).fetchall()
    assert found == {str(row) for row in wanted} != everything(shop, mart)
    assert not any("'apparel'" in row or "electronicsx" in row for row in found)


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
@pytest.mark.parametrize("user", ["stranger", "", None])
def test_who_is_not_named_sees_nothing(
    shop: duckdb.DuckDBPyConnection, mart: Table, user: str | None
) -> None:
    assert seen(shop, mart, user) == set()
    assert not POLICY.scope_of(user).sees(mart)


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
def test_the_owner_sees_all_of_it(shop: duckdb.DuckDBPyConnection, mart: Table) -> None:
    assert seen(shop, mart, "owner") == everything(shop, mart)


def test_a_policy_that_means_other_rows_has_another_digest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    same, other = (Policy(roles=POLICY.roles, users=POLICY.users) for _ in range(2))
    assert same.digest == POLICY.digest
    monkeypatch.setattr(policy, "hides_brands", lambda *_: True)
    assert other.digest != POLICY.digest


def test_only_who_is_on_call_gives_verdicts() -> None:
    assert {user for user in USERS if POLICY.scope_of(user).may_judge} == {"owner", "on_call"}
    without = Policy(roles=POLICY.roles, users={"owner": ("owner",)})
    assert not without.scope_of("owner").may_judge


def test_what_a_role_does_not_name_is_hidden(shop: duckdb.DuckDBPyConnection) -> None:
    nothing = Policy(roles={"new": Role()}, users={"somebody": ("new",)}).scope_of("somebody")
    assert [mart.name for mart in marts.TABLES if nothing.sees(mart)] == []
    assert not nothing.is_live


def test_who_sees_some_brands_sees_no_figure_over_all_of_them(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    role = Role(categories=("*",), brands=("brand a",))
    limited = Policy(roles={"r": role}, users={"u": ("r",)})
    scope = limited.scope_of("u")
    assert not scope.sees(marts.HOURLY_CATEGORY_ACTIVITY)
    assert not scope.sees_everything
    rules = rules_sql(marts.HOURLY_CATEGORY_ACTIVITY, limited, "marts")
    assert shop.execute(f"select * from ({rules}) where \"UserName\" = 'u'").fetchall() == []
    named = Role(categories=("*",), brands=("brand a",), totals=("hourly_category_activity",))
    told = Policy(roles={"r": named}, users={"u": ("r",)}).scope_of("u")
    assert told.sees(marts.HOURLY_CATEGORY_ACTIVITY)


def test_refused_rows_are_for_who_sees_visitors_too() -> None:
    assert {u for u in USERS if POLICY.scope_of(u).sees_everything} == {"owner"}


def test_a_name_with_a_comma_opens_no_other_category(shop: duckdb.DuckDBPyConnection) -> None:
    """QuickSight takes each part of a rule's value between commas for a value of its own."""
    mart = marts.HOURLY_CATEGORY_ACTIVITY
    rules = rules_sql(mart, POLICY, "marts")
    found = shop.execute(f"select category_code from ({rules}) where \"UserName\" = 'electronics'")
    values = {value for (name,) in found.fetchall() for value in name.split(",")}
    assert values == ALLOWED


def test_brands_are_narrowed_within_categories(shop: duckdb.DuckDBPyConnection) -> None:
    role = Role(categories=("apparel",), brands=("brand a",))
    scope = Policy(roles={"r": role}, users={"u": ("r",)}).scope_of("u")
    mart = marts.DAILY_BRAND_CATEGORY_ACTIVITY
    found = shop.execute(
        f"select distinct category_code, brand from marts.{mart.name} where {scope.condition(mart)}"
    ).fetchall()
    assert found == [("apparel", "brand a")]


@pytest.mark.parametrize("mart", marts.TABLES, ids=lambda mart: mart.name)
@pytest.mark.parametrize("user", USERS)
def test_quicksights_rules_show_the_same_rows(
    shop: duckdb.DuckDBPyConnection, mart: Table, user: str
) -> None:
    """As QuickSight applies rules: a user without one sees nothing, an empty field allows all."""
    name, restricted = rules_columns(mart)
    rules = rules_sql(mart, POLICY, "marts")
    if not has_column(mart, restricted):
        restricted = "null"
    found = shop.execute(
        f"select * from marts.{mart.name} as m where exists (select 1 from ({rules}) as r"
        f" where r.\"{name}\" = '{user}'"
        f" and (r.{restricted} is null or r.{restricted} = m.{restricted}))".replace(
            "r.null is null or r.null = m.null", "true"
        )
    ).fetchall()
    here = seen(shop, mart, user)
    # There nobody but who sees all categories sees one with a comma in its name.
    is_limited = user == "electronics"
    wanted = {row for row in here if not (is_limited and "electronics.x,apparel" in row)}
    assert {str(row) for row in found} == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("roles: {a: {totals: [no_mart]}}\nusers: {}", "no_mart"),
        ("roles: {}\nusers: {u: [a]}", "roles that are not there: a"),
        ("roles: {a: {category: [x]}}\nusers: {}", "category"),
        ("roles: [", "expected"),
        ("roles: {a: {categories: ['x,y']}}\nusers: {}", "comma"),
        ("", "valid dictionary"),
    ],
)
def test_a_policy_that_is_wrong_is_told_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    with pytest.raises(PolicyError, match=message):
        read_policy(path)


def test_a_policy_that_is_missing_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="ECOM_POLICY"):
        read_policy(tmp_path / "none.yaml")
