"""The policy as rules of QuickSight: SQL over Athena whose rows say who sees which rows of a mart.

A user who is in no row sees nothing; an empty field allows all of its column.
"""

from collections.abc import Iterable, Iterator

from ecom_platform.contracts import marts
from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.measures import has_column
from ecom_platform.dashboard.policy import ALL, Policy, Role, hides_brands, names_total
from ecom_platform.tables.literals import literal

NOBODY = ("nobody", "no category")
"""Keeps the query valid where the policy lets no user see a mart."""


ONLY_TEXT = "audience"
"""QuickSight restricts rows by columns of text; a mart that has none is given one."""


def rules_columns(mart: Table) -> tuple[str, str]:
    """The columns of the rules of a mart: the user, and what restricts the rows."""
    return "UserName", "category_code" if has_column(mart, "category_code") else ONLY_TEXT


TOTALS = """
select name as "UserName", cast(null as varchar) as audience
from (values {rows}) as u (name)
"""
CATEGORIES = """
select distinct u.name as "UserName", case when u.category <> '*' then c.category_code end
  as category_code
from (values {rows}) as u (name, category)
left join (select distinct category_code from {source}) as c
  on u.category <> '*'
  and (c.category_code = u.category or starts_with(c.category_code, concat(u.category, '.')))
  -- QuickSight takes a comma for the end of a value, and names come from strangers.
  and strpos(c.category_code, ',') = 0
where u.category = '*' or c.category_code is not null
"""


def rules_sql(mart: Table, policy: Policy, database: str) -> str:
    """The rules of a mart, for Athena. A category is also those below it, as they occur there.

    QuickSight restricts by one column; whoever sees some brands alone sees no mart of brands there.
    """
    roles = [(user, role) for user, role in _users(policy) if _sees_brands(role, mart)]
    if not has_column(mart, "category_code"):
        users = {user for user, role in roles if names_total(role, mart)}
        return TOTALS.format(rows=_rows({(user,) for user in users} or {NOBODY[:1]}))
    pairs = {(user, category) for user, role in roles for category in role.categories}
    source = f"{database}.{marts.HOURLY_CATEGORY_ACTIVITY.name}"
    return CATEGORIES.format(rows=_rows(pairs or {NOBODY}), source=source)


def _rows(values: Iterable[tuple[str, ...]]) -> str:
    return ", ".join(f"({', '.join(map(literal, row))})" for row in sorted(values))


def _users(policy: Policy) -> Iterator[tuple[str, Role]]:
    for user, names in policy.users.items():
        yield from ((user, policy.roles[name]) for name in names)


def _sees_brands(role: Role, mart: Table) -> bool:
    is_limited = has_column(mart, "brand") and ALL not in role.brands
    return not is_limited and not hides_brands(role, mart)
