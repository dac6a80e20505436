"""The marts as tables of PostgreSQL: columns, indexes for the dashboard, and who may see what.

All of it is SQL made from the contracts and from the policy's file. PostgreSQL itself holds the
rows back: each role of the policy is a role of the database, each user another that has some of
them, and whoever asks takes the user's role first. A user whom the policy does not name has none.
What does not belong here: connections (`resources.mart_database`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ecom_platform.contracts import marts
from ecom_platform.contracts.table import Column, Table
from ecom_platform.dashboard.measures import has_audience, has_column
from ecom_platform.dashboard.policy import Policy, Scope
from ecom_platform.tables.literals import literal

TYPES = {
    "int": "integer",
    "double": "double precision",
    # By code points, as every other engine sorts and compares; also what a range of names needs.
    "string": 'text collate "C"',
}
"""Where PostgreSQL calls a type otherwise."""

IAM_ROLE = "rds_iam"
"""Whoever has it on AWS logs in by a token of IAM."""
LONGEST_ROLE = 63
"""Bytes of a name in PostgreSQL, which cuts what is longer without a word."""

DIALECT = """
do $$ begin create domain marts."double" as double precision;
exception when duplicate_object then null; end $$;
create or replace function marts.date_diff(unit text, first date, last date) returns bigint
    language sql immutable parallel safe as $$ select case unit when 'day' then last - first end $$;
"""
"""What queries of the dashboard say on every engine, and PostgreSQL says otherwise."""

FORGET_OTHER_FORM = """
do $$ begin
    if obj_description(to_regclass('marts.{mart}')) is distinct from '{form}' then
        drop table if exists marts.{mart};
        delete from marts.published where mart = '{mart}';
    end if;
end $$
"""
"""A mart whose columns changed is made anew; its days are published again from the lake."""


@dataclass(frozen=True)
class Roles:
    """Names of the database's roles; `prefix` tells one installation of a server from another."""

    prefix: str

    @property
    def loader(self) -> str:
        """Owns the tables and fills them; row security does not hold for an owner."""
        return f"{self.prefix}loader"

    @property
    def dashboard(self) -> str:
        """Logs in for the dashboard; sees nothing by itself, but may take each user's role."""
        return f"{self.prefix}dashboard"

    def role(self, name: str) -> str:
        return self._short(f"{self.prefix}role:{name}")

    def user(self, name: str) -> str:
        return self._short(f"{self.prefix}user:{name}")

    def _short(self, name: str) -> str:
        if len(name.encode()) <= LONGEST_ROLE:
            return name
        digest = sha256(name.encode()).hexdigest()[:12]
        kept = name.encode()[: LONGEST_ROLE - len(digest) - 1].decode(errors="ignore")
        return f"{kept}~{digest}"


def quoted(name: str) -> str:
    """A name in PostgreSQL's SQL."""
    return '"' + name.replace('"', '""') + '"'


def table_statements() -> Iterator[str]:
    """The tables of all marts, empty where they are new; safe to run again."""
    yield DIALECT
    yield """
        create table if not exists marts.published (
            mart text, event_date date, version text not null, row_count bigint not null,
            published_at timestamptz not null default now(), primary key (mart, event_date)
        )
    """
    for mart in marts.TABLES:
        columns = ", ".join(_column(column) for column in mart.all_columns)
        form = sha256(columns.encode()).hexdigest()[:16]
        yield FORGET_OTHER_FORM.format(mart=mart.name, form=form)
        yield f"create table if not exists marts.{mart.name} ({columns})"
        yield f"comment on table marts.{mart.name} is '{form}'"
        yield f"alter table marts.{mart.name} enable row level security"
        for number, names in enumerate(indexes(mart)):
            name = f"{mart.name}_{number}"
            yield f"create index if not exists {name} on marts.{mart.name} ({', '.join(names)})"


def indexes(mart: Table) -> list[tuple[str, ...]]:
    """By what the dashboard narrows: days of an audience, a category or brand within them."""
    by_day = ("event_date", "audience") if has_audience(mart) else ("event_date",)
    narrowed = [name for name in ("category_code", "brand") if has_column(mart, name)]
    return [by_day, *((name, "event_date") for name in narrowed)]


def _column(column: Column) -> str:
    kind = TYPES.get(column.type, column.type)
    return f"{column.name} {kind}{'' if column.nullable else ' not null'}"


def policy_statements(policy: Policy, roles: Roles, existing: Iterable[str]) -> Iterator[str]:
    """Everything that the policy says, in place of what one said before.

    Args:
        policy: the policy.
        roles: names of the database's roles.
        existing: roles that the database has.

    """
    yield DROP_POLICIES
    made = (f"{roles.prefix}role:", f"{roles.prefix}user:")
    for name in sorted(existing):
        if name.startswith(made):
            # An administrator who is no superuser has the rights of whom it made only then.
            yield f"grant {quoted(name)} to current_user"
            yield f"drop owned by {quoted(name)}"
            yield f"drop role {quoted(name)}"
    for name in policy.roles:
        yield from _role_statements(policy, name, roles)
    for user, names in policy.users.items():
        yield f"create role {quoted(roles.user(user))} nologin inherit"
        for name in names:
            yield f"grant {quoted(roles.role(name))} to {quoted(roles.user(user))}"
        yield f"grant {quoted(roles.user(user))} to {quoted(roles.dashboard)}"
    yield f"comment on schema marts is {literal(policy.digest)}"


DROP_POLICIES = """
do $$ declare one record; begin
    for one in select policyname, tablename from pg_policies where schemaname = 'marts' loop
        execute format('drop policy %I on marts.%I', one.policyname, one.tablename);
    end loop;
end $$
"""


def _role_statements(policy: Policy, name: str, roles: Roles) -> Iterator[str]:
    role = quoted(roles.role(name))
    scope = Scope((policy.roles[name],))
    yield f"create role {role} nologin"
    yield f"grant usage on schema marts to {role}"
    for mart in marts.TABLES:
        yield f"grant select on marts.{mart.name} to {role}"
        condition = scope.condition(mart)
        if condition != "false":
            yield (
                f"create policy {quoted(name)} on marts.{mart.name} for select to {role}"
                f" using ({condition})"
            )


def login_statements(roles: Roles, existing: Sequence[str]) -> Iterator[str]:
    """The two roles that log in; on AWS they do so by IAM, elsewhere somebody gives them passwords.

    Args:
        roles: names of the database's roles.
        existing: roles that the database has.

    """
    for name in (roles.loader, roles.dashboard):
        if name not in existing:
            yield f"create role {quoted(name)} login noinherit"
        if IAM_ROLE in existing:
            yield f"grant {IAM_ROLE} to {quoted(name)}"
    dashboard = quoted(roles.dashboard)
    yield f"alter role {dashboard} set default_transaction_read_only = on"
    yield f"alter role {dashboard} set statement_timeout = '30s'"
    yield f"alter role {dashboard} set search_path = marts, public"
    # Many ask at once: each question takes one core, and groups in memory what a page shows.
    yield f"alter role {dashboard} set max_parallel_workers_per_gather = 0"
    yield f"alter role {dashboard} set work_mem = '16MB'"
