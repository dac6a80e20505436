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
from pathlib import Path

import dagster as dg
from rich.console import Console

from ecom_platform.batch import Batch, fail_dead_runs
from ecom_platform.commands.news import News
from ecom_platform.commands.programs import Program, ProgramError, running
from ecom_platform.settings import SettingError, Settings

ROOT = Path(__file__).parents[2]
LOCATION = "ecom_platform"
LOOK_SECONDS = 2.0


def programs(logs: Path, port: int, folder: Path) -> list[Program]:
    """Dagster's processes, in the order of starting; one of them holds the code for all."""
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
        Program("web", "dagster-webserver", (*place, "-h", "127.0.0.1", "-p", str(port)), logs),
    ]


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=2) as answer:
            return bool(answer.status)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def prepare(batch: Batch, console: Console) -> None:
    """What must be there before the first page is read."""
    fail_dead_runs(batch.instance)
    if not batch.has_catalog():
        console.print("making the tables of the catalog …")
        batch.prepare_catalog()


def watch(started: list[Program], news: News, port: int, console: Console) -> None:
    """Say what is ready and what happens, until a signal comes.

    Raises:
        ProgramError: one of the programs has ended.

    """
    is_up = False
    while True:
        for program in started:
            program.require_alive()
        if not is_up and answers(port):
            is_up = True
            console.print(f"[bold]Dagster web UI: http://127.0.0.1:{port}[/bold]   ready")
            console.print("Ctrl-C stops everything; runs that fail and alerts show below")
        for line in news.lines():
            console.print(line)
        time.sleep(LOOK_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.up", description=__doc__
    )
    parser.add_argument("--port", type=int, default=3000, help="port of the web UI")
    port = parser.parse_args().port
    # A service manager ends it by SIGTERM: in the same order as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(
                f"error: port {port} on 127.0.0.1 is taken; is `make up` running already?"
                f" Otherwise choose another port: UI_PORT={port + 1} make up"
            )
    try:
        serve(port, console)
    except (ProgramError, SettingError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def serve(port: int, console: Console) -> None:
    """Run Dagster until a signal comes."""
    settings = Settings.from_environment()
    with dg.DagsterInstance.get() as instance, tempfile.TemporaryDirectory() as folder:
        batch = Batch.of(settings, instance, say=lambda _: None)
        prepare(batch, console)
        logs = Path(instance.root_directory) / "logs"
        console.print(f"starting Dagster; logs: {logs}")
        with running(programs(logs, port, Path(folder))) as started:
            watch(started, News(batch), port, console)


if __name__ == "__main__":
    main()
