"""Runs that their process left behind are failed, so that they hold nothing and are tried again."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
from dagster._core.test_utils import create_run_for_test

from ecom_platform.batch import GRPC_TAG, PROCESS_TAG, fail_dead_runs


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_runs_whose_process_is_gone_are_failed_and_others_are_left(tmp_path: Path) -> None:
    started = dg.DagsterRunStatus.STARTED
    tags = {
        "dead command": {PROCESS_TAG: str(ended_process())},
        "living command": {PROCESS_TAG: str(os.getpid())},
        "dead server": {GRPC_TAG: f'{{"host": "localhost", "socket": "{tmp_path}/gone"}}'},
        "not launched yet": {},
    }
    with dg.instance_for_test() as instance:
        runs = {
            create_run_for_test(instance, "a_job", status=started, tags=tag).run_id: name
            for name, tag in tags.items()
        }

        failed = {runs[run_id] for run_id in fail_dead_runs(instance)}

        assert failed == {"dead command", "dead server"}
        statuses = {
            name: run.status
            for run_id, name in runs.items()
            if (run := instance.get_run_by_id(run_id))
        }
        assert {name for name, status in statuses.items() if status != started} == failed
        assert fail_dead_runs(instance) == []
