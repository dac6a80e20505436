"""What streaming needs on one machine: the poller of the functions, Flink, and the heartbeats.

On AWS the first is part of Lambda, the second a managed service, and traffic never pauses.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.local.cloud import ACCOUNT
from infra.local.ports import free_port, is_taken
from infra.local.service import Service, ServiceError

ROOT = Path(__file__).parents[2]
APPLICATION = ROOT / "flink_app"
FUNCTIONS = ROOT / "lambda_handlers"
CANARY_VARIABLE, CANARY_SECONDS = "ECOM_CANARY_SECONDS", "180"
QUIET_VARIABLE, QUIET_SECONDS = "ECOM_QUIET_CART_SECONDS", "60"
"""A quarter of an hour in a real shop; who tries it on one machine does not wait so long."""
FLINK_PYTHON = ROOT / ".venv-flink" / "bin" / "python"
SESSION_SECONDS = 12 * 3600
POLLER_SECONDS = 30


def poller(state: Path) -> Service:
    """What brings records of Kinesis to the functions, as Lambda's own pollers do on AWS."""
    folder = state / "poller"
    return Service(
        name="poller",
        python=Path(sys.executable),
        module="infra.local.poller",
        arguments=(str(folder / "checkpoints"),),
        home=ROOT,
        directory=folder,
    )


def flink(state: Path, rest_port: int) -> Service:
    """The Flink job, in an environment of its own: with Dagster it would drag libraries back."""
    return Service(
        name="flink",
        python=FLINK_PYTHON,
        module="local.launch",
        arguments=(
            *("--run-directory", str(state / "flink")),
            *("--rest-port", str(rest_port)),
        ),
        home=APPLICATION,
        directory=state / "flink",
    )


def rest_port(state: Path, wanted: int | None) -> int | None:
    """The port of Flink: that of a job that runs already, or the one that is wanted; 0 is any."""
    if wanted is None:
        return None
    properties = state / "flink" / "application_properties.json"
    if flink(state, wanted).is_running() and properties.exists():
        groups = {
            g["PropertyGroupId"]: g["PropertyMap"] for g in json.loads(properties.read_text())
        }
        return int(groups["flink"]["rest.port"])
    return wanted or free_port()


def heartbeat(state: Path, prefix: str, canary_seconds: str = CANARY_SECONDS) -> Service:
    """What lets the time of the stream pass when nobody visits the shop, and the canary."""
    return Service(
        name="heartbeat",
        python=Path(sys.executable),
        module="heartbeat_sender",
        arguments=("--stream", f"{prefix}raw-events", "--canary-seconds", canary_seconds),
        home=FUNCTIONS,
        directory=state / "flink",
    )


def services(
    state: Path, flink_port: int | None, environment: Mapping[str, str] | None = None
) -> list[Service]:
    """Every service, in the order of starting; without a port there is no Flink."""
    found = environment or {}
    beats = heartbeat(state, _prefix(found), found.get(CANARY_VARIABLE, CANARY_SECONDS))
    return [poller(state), *([flink(state, flink_port), beats] if flink_port else [])]


def _prefix(environment: Mapping[str, str]) -> str:
    return environment.get("ECOM_PREFIX", "ecom-")


@contextmanager
def running(state: Path, environment: Mapping[str, str], flink_port: int | None) -> Iterator[None]:
    """Start what does not run yet, and stop in reverse what was started here.

    Raises:
        ServiceError: the port of Flink is taken, its environment is missing, or a service ends.

    """
    started: list[Service] = []
    if flink_port:
        _require_flink(state, flink_port)
    if not poller(state).is_running():
        _adopted(state).unlink(missing_ok=True)
    try:
        for service in services(state, flink_port, environment):
            if not service.is_running():
                found = credentials(service.name, _prefix(environment))
                service.start({QUIET_VARIABLE: QUIET_SECONDS, **environment, **found})
                started.append(service)
        _wait_for_poller(state)
        for service in started:
            service.require_alive()
        yield
    finally:
        stop(reversed(started))


def stop(found: Sequence[Service] | Iterator[Service]) -> None:
    for service in found:
        service.stop()


def credentials(name: str, prefix: str) -> dict[str, str]:
    """Each process works under the role that it has on AWS; the poller is the cloud's own."""
    # Not by a profile: keys of the environment, which are root's, would win over it.
    if name not in {"flink", "heartbeat"}:
        return {}
    import boto3  # noqa: PLC0415 - slow to load, and stopping needs none

    keys = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{prefix}{name}",
        RoleSessionName=name,
        DurationSeconds=SESSION_SECONDS,
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def _require_flink(state: Path, port: int) -> None:
    if not FLINK_PYTHON.exists():
        raise ServiceError(f"{FLINK_PYTHON} is missing; run: make flink")
    if is_taken(port) and not flink(state, port).is_running():
        raise ServiceError(
            f"port {port} on 127.0.0.1 is taken by another program; choose another port for Flink:"
            f" FLINK_PORT={port + 1} make up"
        )


def _wait_for_poller(state: Path) -> None:
    """Wait until the poller has taken over the mappings: before that the emulator would deliver."""
    service, deadline = poller(state), time.monotonic() + POLLER_SECONDS
    while not _adopted(state).exists():
        service.require_alive()
        if time.monotonic() > deadline:
            raise ServiceError(f"the poller does not find its mappings; see {service.log_file}")
        time.sleep(0.1)


def _adopted(state: Path) -> Path:
    return poller(state).directory / "checkpoints" / "adopted"
