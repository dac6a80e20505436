"""`python -m ecom_platform.commands.up`: the Dagster web UI and daemon, until Ctrl-C.

What does not belong here: the local cloud, which is up already when this starts.
"""

import argparse
import os
import socket
import sys
from pathlib import Path

import dagster as dg

from ecom_platform.batch import Batch, fail_dead_runs
from ecom_platform.definitions import platform

ROOT = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.up", description=__doc__
    )
    parser.add_argument("--port", type=int, default=3000, help="port of the web UI")
    port = parser.parse_args().port
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(
                f"error: port {port} on 127.0.0.1 is taken; is `make up` running already?"
                f" Otherwise choose another port: UI_PORT={port + 1} make up"
            )
    with dg.DagsterInstance.get() as instance:
        fail_dead_runs(instance)
        batch = Batch(platform(), instance, say=lambda _: None)
        if not batch.has_catalog():
            print("making the tables of the catalog …", flush=True)
            batch.prepare_catalog()
    print(f"Dagster web UI: http://127.0.0.1:{port}   (Ctrl-C stops everything)", flush=True)
    dagster = str(Path(sys.executable).parent / "dagster")
    # This process becomes Dagster's, so that a signal reaches it and nothing stands between.
    os.execv(  # noqa: S606 - no shell is wanted
        dagster,
        [dagster, "dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)],
    )


if __name__ == "__main__":
    main()
