"""Marts in PostgreSQL (Aurora on AWS), for many who ask at once: filled a day at a time, and read
under row security.

A day is replaced in one transaction, so that a reader sees the old version or the new one, whole.
What does not belong here: what the tables and policies are (`dashboard.database`), and which days
are to be published (`pipeline.mart_database`).
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from psycopg import postgres, sql
from psycopg.types.numeric import FloatLoader
from psycopg_pool import ConnectionPool

from ecom_platform.contracts import Table
from ecom_platform.dashboard.database import (
    Roles,
    login_statements,
    policy_statements,
    quoted,
    table_statements,
)
from ecom_platform.dashboard.policy import Policy, PolicyError, Scope
from ecom_platform.resources.aws import CLIENTS

MOST_CONNECTIONS = 50
LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"
"""Two who publish the same day wait for each other: else both would add their rows."""
KNOWN = "select mart, event_date, version from marts.published"
RECORD = """
    insert into marts.published (mart, event_date, version, row_count) values (%s, %s, %s, %s)
    on conflict (mart, event_date) do update
    set version = excluded.version, row_count = excluded.row_count, published_at = now()
"""
ANSWER_TYPES = {
    postgres.types[name].oid: kind
    for name, kind in {
        "bool": pa.bool_(),
        "int4": pa.int32(),
        "int8": pa.int64(),
        "float8": pa.float64(),
        "numeric": pa.float64(),
        "text": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
    }.items()
}
"""What the dashboard's queries answer with."""
DIGEST = "select obj_description('marts'::regnamespace)"


class RowsNotLoadedError(RuntimeError):
    """The database took another number of rows than the version has; nothing of it is kept."""


class NotPreparedError(RuntimeError):
    """The database has no tables of marts; the message has the remedy."""


class MartDatabase(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The marts of an installation in a PostgreSQL.

    Attributes:
        url: `postgresql://host:port/database`, without a user; none where there is no database.
            Whatever else libpq needs comes from its own variables, such as `PGPASSFILE`.
        prefix: put before the names of its roles.
        has_iam: whether AWS's IAM knows who logs in, so that a token stands for a password.
        profile: profile of the AWS configuration that makes such tokens.

    """

    url: str | None = None
    prefix: str = "ecom-"
    has_iam: bool = False
    profile: str | None = None

    @property
    def roles(self) -> Roles:
        return Roles(self.prefix)

    def connect_as_admin(self, user: str) -> "psycopg.Connection[Any]":
        """A connection of somebody who logs in by what libpq knows."""
        return psycopg.connect(self.server, user=user)

    @property
    def server(self) -> str:
        if self.url is None:
            raise dg.Failure("there is no database; ECOM_MART_DATABASE names one")
        return self.url

    def connect(self, user: str) -> "psycopg.Connection[Any]":
        """A connection, in a transaction once something is asked."""
        return psycopg.connect(self.server, **self.login(user))

    def login(self, user: str) -> dict[str, Any]:
        """Who logs in; a token of IAM is good for a quarter of an hour, so it is made each time."""
        if not self.has_iam:
            return {"user": user}
        server = urlsplit(self.server)
        token = CLIENTS.client(self.profile, "rds").generate_db_auth_token(
            DBHostname=server.hostname, Port=server.port or 5432, DBUsername=user
        )
        encrypted = {} if "sslmode=" in self.server else {"sslmode": "require"}
        return {"user": user, "password": token, **encrypted}

    def prepare(self, policy: Policy, admin: str) -> None:
        """Make what is missing, and let the database say what the policy says, at once.

        Args:
            policy: who may see what.
            admin: a role that may create others.

        """
        loader = quoted(self.roles.loader)
        with self.connect_as_admin(admin) as connection:
            existing = [str(row[0]) for row in connection.execute("select rolname from pg_roles")]
            for statement in login_statements(self.roles, existing):
                _do(connection, statement)
            _do(connection, f"grant {loader} to current_user")
            _do(connection, f"create schema if not exists marts authorization {loader}")
            _do(connection, f"set local role {loader}")
            for statement in table_statements():
                _do(connection, statement)
            _do(connection, "reset role")
            for statement in policy_statements(policy, self.roles, existing):
                _do(connection, statement)

    def published(self) -> dict[tuple[str, date], str]:
        """Mart and day → the version that is there.

        Raises:
            NotPreparedError: nobody has made the tables yet.

        """
        with self.connect(self.roles.loader) as connection:
            try:
                return {(mart, day): version for mart, day, version in connection.execute(KNOWN)}
            except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege) as error:
                raise NotPreparedError(
                    f"{self.server} has no tables of marts; run: make prepare-database"
                ) from error

    @contextmanager
    def loading(self) -> Iterator["Loader"]:
        """One connection that replaces days."""
        with self.connect(self.roles.loader) as connection:
            yield Loader(connection)

    def reader(self, connections: int = 1) -> "MartReader":
        """Who answers, with so many connections at least."""
        return MartReader(self, connections)


class Loader:
    """Replaces days of marts."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def replace(
        self, mart: Table, day: date, version: str, rows: Iterable[pa.RecordBatch], row_count: int
    ) -> None:
        """Put the rows of a day in place of those that are there.

        Raises:
            RowsNotLoadedError: they are more or fewer than they should be.

        """
        columns = [column.name for column in mart.all_columns]
        names = ", ".join(columns)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(LOCK, [f"{mart.path} {day}"])
            _do(cursor, f"delete from marts.{mart.name} where event_date = '{day}'")
            into = f"copy marts.{mart.name} ({names}) from stdin (format csv)"
            with cursor.copy(sql.SQL(into)) as copy:
                for batch in rows:
                    copy.write(_csv(batch.select(columns)))
            if cursor.rowcount != row_count:
                raise RowsNotLoadedError(
                    f"{mart.path} {day}: {cursor.rowcount} rows came, {row_count} were announced"
                )
            cursor.execute(RECORD, [mart.name, day, version, row_count])

    def clean(self, mart: Table) -> None:
        """Free the space of replaced rows, and count the others anew for the planner."""
        self._connection.commit()
        self._connection.autocommit = True
        try:
            _do(self._connection, f"vacuum (analyze) marts.{mart.name}")
        finally:
            self._connection.autocommit = False


class MartReader:
    """Answers under row security; its connections are kept."""

    def __init__(self, database: MartDatabase, connections: int) -> None:
        self._roles = database.roles
        self._pool = ConnectionPool(
            database.server,
            kwargs=lambda: database.login(database.roles.dashboard),
            # Charts draw doubles.
            configure=lambda one: one.adapters.register_loader("numeric", FloatLoader),
            check=ConnectionPool.check_connection,
            min_size=connections,
            max_size=MOST_CONNECTIONS,
            open=True,
        )
        self._pool.wait()

    def answer(self, query: str, scope: Scope) -> pa.Table:
        """What a query says to a user, and to nobody else.

        Raises:
            PolicyError: the database follows another policy than the one that is in force.

        """
        with self._pool.connection() as connection, connection.transaction():
            digest = connection.execute(DIGEST).fetchone()
            if digest != (scope.policy,):
                raise PolicyError(
                    "the database follows another policy; let it follow this one:"
                    " make prepare-database"
                )
            _do(connection, f"set local role {quoted(self._roles.user(scope.user))}")
            cursor = connection.execute(sql.SQL(query))
            names = [column.name for column in cursor.description or []]
            types = [ANSWER_TYPES[column.type_code] for column in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
        return pa.Table.from_pylist(rows, pa.schema(list(zip(names, types, strict=True))))

    def close(self) -> None:
        self._pool.close()


def _do(connection: Any, statement: str) -> None:  # noqa: ANN401 - a connection or a cursor
    """Run a statement that is made from contracts and quoted names."""
    connection.execute(sql.SQL(statement))


def _csv(batch: pa.RecordBatch) -> bytes:
    """Text in quotes, so that an empty one is no null; PostgreSQL's text holds no NUL."""
    for place, field in enumerate(batch.schema):
        if pa.types.is_string(field.type):
            whole = pc.replace_substring(batch.column(place), "\0", "\ufffd")
            batch = batch.set_column(place, field, whole)
    text = io.BytesIO()
    pyarrow.csv.write_csv(batch, text, pyarrow.csv.WriteOptions(include_header=False))
    return text.getvalue()
