"""Runs whose process is gone: marked as failed, so that they hold nothing and are tried again.

Dagster sees a run's process end while its own processes live. When they end together, by a kill or
a power cut, the run stays "started", and its pools stay taken.
"""

import json
import os
import socket

import dagster as dg

PROCESS_TAG = "ecom/process"
"""Process id of a run that a command works on itself."""
GRPC_TAG = ".dagster/grpc_info"
"""Where the code server listens that a run's process belongs to; Dagster's own tag."""

AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone; returns their ids. Dagster tries them again."""
    runs = instance.get_runs(dg.RunsFilter(statuses=AT_WORK))
    dead = [run for run in runs if _is_dead(run)]
    for run in dead:
        instance.report_run_failed(run, "The process of this run is gone.")
    return [run.run_id for run in dead]


def _is_dead(run: dg.DagsterRun) -> bool:
    if process := run.tags.get(PROCESS_TAG):
        return not _lives(int(process))
    if place := run.tags.get(GRPC_TAG):
        return not _listens(json.loads(place)["socket"])
    return False


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0
