"""`python -m infra.local`: run a command with the local cloud, stop it, or remove all its state.

What does not belong here: how the cloud is started (`cloud`), what is deployed (`infra.deploy`).
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.local import streaming
from infra.local.cloud import DEFAULT_PORT, LocalCloud, LocalCloudError
from infra.local.layout import OlderLayoutError, check_layout
from infra.local.ports import free_port
from infra.local.service import ServiceError

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".local"
FREE_BYTES_NEEDED = 2 * 1024**3
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
SECONDS_PER_SIGNAL = 20
DEFAULT_FLINK_PORT = 8081


def main() -> None:
    arguments = _parser().parse_args()
    state = Path(arguments.state).resolve()
    prefix = os.environ.get("ECOM_PREFIX", "ecom-")
    cloud = LocalCloud(state / "cloud", arguments.port, prefix)
    try:
        if arguments.action == "run":
            sys.exit(
                run(
                    cloud,
                    state,
                    arguments.command,
                    flink_port=arguments.flink_port,
                    has_postgres=arguments.postgres,
                )
            )
        streaming.stop(reversed(streaming.services(state, flink_port=DEFAULT_FLINK_PORT)))
        cloud.stop()
        print("the local cloud is stopped")
        if arguments.action == "clean":
            shutil.rmtree(state, ignore_errors=True)
            print(f"removed {state}")
    except (LocalCloudError, OlderLayoutError, ServiceError) as error:
        sys.exit(f"error: {error}")


def run(
    cloud: LocalCloud,
    state: Path,
    command: Sequence[str],
    *,
    flink_port: int | None = None,
    has_postgres: bool = False,
) -> int:
    """Run a command with the local cloud up and deployed; leave what was up before.

    With a port for its REST interface, Flink runs as well; PostgreSQL where it is asked for.
    """
    check_layout(state)
    _check_space(state)
    was_started = cloud.start()
    try:
        variables = {**os.environ, **_deploy(cloud)}
        flink_port = streaming.rest_port(state, flink_port)
        if flink_port:
            variables["ECOM_FLINK_REST_URL"] = f"http://127.0.0.1:{flink_port}"
        with (
            _database(state, cloud.prefix, variables, is_wanted=has_postgres),
            streaming.running(state, variables, flink_port),
        ):
            return _in_front(command, {**variables, **_dagster_home(state, is_alone=was_started)})
    finally:
        if was_started:
            cloud.stop()


@contextmanager
def _database(
    state: Path, prefix: str, variables: dict[str, str], *, is_wanted: bool
) -> Iterator[None]:
    """PostgreSQL, where it is wanted, and the variables that lead to it."""
    if not is_wanted:
        yield
        return
    from infra.local import postgres  # noqa: PLC0415 - who needs no database loads no driver

    with postgres.running(state / "postgres", free_port(), prefix) as server:
        variables |= {
            "ECOM_MART_DATABASE": server.url(),
            "PGPASSFILE": str(server.password_file),
        }
        yield


def _deploy(cloud: LocalCloud) -> dict[str, str]:
    """Deploy the stacks, and say what the platform must know of them."""
    os.environ.update(cloud.environment())
    from infra.deploy import deploy  # noqa: PLC0415 - boto3 is slow to load, and `stop` needs none
    from infra.local.time_to_live import turn_on_expiry  # noqa: PLC0415

    outputs = deploy("local", {"Prefix": cloud.prefix})
    turn_on_expiry(cloud.prefix)
    return cloud.installation(outputs["DataBucketName"])


def _dagster_home(state: Path, *, is_alone: bool) -> dict[str, str]:
    home = state / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).parent / "dagster.yaml", home / "dagster.yaml")
    scratch = state / "scratch"
    if is_alone:
        # Nothing lives here between runs; a killed run may have left its files.
        shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(exist_ok=True)
    return {
        "DAGSTER_HOME": str(home),
        "ECOM_MADE_UP_EVENTS_DIR": str(state / "events"),
        "ECOM_SCRATCH_DIR": str(scratch),
    }


def _in_front(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a command in its own process group, and make sure that all of it ends with us."""
    # A shell in the background hands down an ignored SIGINT; who inherits it never ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    child = subprocess.Popen(command, env=dict(variables), cwd=ROOT, start_new_session=True)
    try:
        return child.wait()
    except KeyboardInterrupt:
        print("\nstopping …", flush=True)
        return 130
    finally:
        _end_group(child)


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    for number in STOP_SIGNALS:
        if not _group_is_alive(child):
            return
        os.killpg(child.pid, number)
        deadline = time.monotonic() + SECONDS_PER_SIGNAL
        while _group_is_alive(child) and time.monotonic() < deadline:
            time.sleep(0.1)


def _group_is_alive(child: "subprocess.Popen[bytes]") -> bool:
    child.poll()
    try:
        os.killpg(child.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _check_space(state: Path) -> None:
    state.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(state).free
    if free < FREE_BYTES_NEEDED:
        raise LocalCloudError(
            f"{free / 1024**3:.1f} GiB free on the disk of {state}, at least"
            f" {FREE_BYTES_NEEDED / 1024**3:.0f} are needed; free some space, or `make clean`"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("--state", default=str(STATE), help="folder that holds all state")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port of the local cloud")
    actions = parser.add_subparsers(dest="action", required=True)
    command = actions.add_parser("run", help="run a command with the local cloud up")
    command.add_argument(
        "--flink-port", type=int, help="run Flink too, its REST port here; 0 takes a free one"
    )
    command.add_argument(
        "--postgres", action="store_true", help="run PostgreSQL too, for the marts"
    )
    command.add_argument("command", nargs=argparse.REMAINDER)
    actions.add_parser("stop", help="stop the local cloud; its state stays")
    actions.add_parser("clean", help="stop the local cloud and remove all state")
    return parser


if __name__ == "__main__":
    main()
