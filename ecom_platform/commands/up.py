"""`python -m ecom_platform.commands.up`: the Dagster web UI and daemon, until Ctrl-C.

The screen tells what is ready, runs that fail and alerts that open; logs go to files.
What does not belong here: the local cloud, which is up already when this starts.
"""

import argparse
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from rich.console import Console

from ecom_platform.batch import Batch, fail_dead_runs
from ecom_platform.commands.dashboard_server import HOST, SignIn, dashboard_arguments
from ecom_platform.commands.news import News
from ecom_platform.commands.prepare_database import prepare_database
from ecom_platform.commands.programs import Program, ProgramError, running
from ecom_platform.dashboard.policy import PolicyError
from ecom_platform.settings import SettingError, Settings

ROOT = Path(__file__).parents[2]
LOCATION = "ecom_platform"
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Ports:
    """Where Dagster's web UI and the dashboard answer."""

    web: int
    dashboard: int


def programs(logs: Path, ports: Ports, folder: Path, sign_in: SignIn | None) -> list[Program]:
    """Dagster's processes, in the order of starting, and the dashboard; one of Dagster's holds the
    code for all.
    """
    code_socket = folder / "code.sock"
    workspace = folder / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server:\n      socket: {code_socket}\n"
        f"      location_name: {LOCATION}\n"
    )
    code = ["-m", "ecom_platform.definitions", "-d", str(ROOT), "--socket", str(code_socket)]
    place = ["-w", str(workspace)]
    return [
        Program("code", "dagster", ("code-server", "start", *code), logs, ready_file=code_socket),
        Program("daemon", "dagster-daemon", ("run", *place), logs),
        Program("web", "dagster-webserver", (*place, "-h", HOST, "-p", str(ports.web)), logs),
        *([Program("provider", "python", sign_in.provider_arguments, logs)] if sign_in else []),
        Program(
            "dashboard",
            "python",
            dashboard_arguments(ports.dashboard, sign_in.secrets_file if sign_in else None),
            logs,
        ),
    ]


def answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/{path}", timeout=2) as answer:
            return bool(answer.status)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def prepare(batch: Batch, settings: Settings, console: Console) -> None:
    """What must be there before the first page is read."""
    fail_dead_runs(batch.instance)
    if not batch.has_catalog():
        console.print("making the tables of the catalog …")
        batch.prepare_catalog()
    if batch.resources.mart_database.url:
        console.print("making the tables of the database …")
        prepare_database(settings, batch.resources.mart_database)


def watch(started: list[Program], news: News, ports: Ports, console: Console) -> None:
    """Say what is ready and what happens, until a signal comes.

    Raises:
        ProgramError: one of the programs has ended.

    """
    waiting = {
        "Dagster web UI": (ports.web, "server_info"),
        "Dashboard": (ports.dashboard, "_stcore/health"),
    }
    while True:
        for program in started:
            program.require_alive()
        for name, (port, path) in list(waiting.items()):
            if answers(port, path):
                del waiting[name]
                console.print(f"[bold]{name}: http://{HOST}:{port}[/bold]   ready")
                if not waiting:
                    console.print("Ctrl-C stops everything; runs that fail and alerts show below")
        for line in news.lines():
            console.print(line)
        time.sleep(LOOK_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.up", description=__doc__
    )
    parser.add_argument("--port", type=int, default=3000, help="port of the web UI")
    parser.add_argument("--dashboard-port", type=int, default=8501, help="port of the dashboard")
    parser.add_argument("--sign-in", action="store_true", help="ask who looks at the dashboard")
    options = parser.parse_args()
    ports = Ports(options.port, options.dashboard_port)
    # A service manager ends it by SIGTERM: in the same order as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    require_free(ports.web, "UI_PORT")
    require_free(ports.dashboard, "DASHBOARD_PORT")
    try:
        serve(ports, console, is_asking=options.sign_in)
    except (PolicyError, ProgramError, SettingError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def require_free(port: int, variable: str) -> None:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            sys.exit(
                f"error: port {port} on {HOST} is taken; is `make up` running already?"
                f" Otherwise choose another port: {variable}={port + 1} make up"
            )


def serve(ports: Ports, console: Console, *, is_asking: bool) -> None:
    """Run Dagster and the dashboard until a signal comes."""
    settings = Settings.from_environment()
    with dg.DagsterInstance.get() as instance, tempfile.TemporaryDirectory() as folder:
        batch = Batch.of(settings, instance, say=lambda _: None)
        prepare(batch, settings, console)
        logs = Path(instance.root_directory) / "logs"
        console.print(f"starting Dagster; logs: {logs}")
        sign_in = SignIn.prepared(Path(folder), ports.dashboard) if is_asking else None
        if sign_in:
            console.print(f"test users of the dashboard: {', '.join(sign_in.users)}")
        with running(programs(logs, ports, Path(folder), sign_in)) as started:
            watch(started, News(batch), ports, console)


if __name__ == "__main__":
    main()
