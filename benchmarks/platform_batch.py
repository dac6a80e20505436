"""`python -m benchmarks.platform_batch`: raw files to marts through Dagster, timed.

It runs in an environment that `infra.local` made. What does not belong here: the bare script that
it is held against (`bare_batch`), and the comparison (`batch_repetition`).
"""

import json
import sys
import time

import dagster as dg

from ecom_platform.batch import Batch
from ecom_platform.contracts import marts
from ecom_platform.contracts.lake import EVENT_DAYS, EVENTS, STAGED_EVENTS
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings

PHASES = {"staged_files": "staging", "event_days": "days"}
"""Dagster's step → the name of the phase; a mart's step has the name of the mart."""


def main() -> None:
    instance = dg.DagsterInstance.get()
    settings = Settings.from_environment()
    batch = Batch.of(settings, instance, say=lambda text: print(text, file=sys.stderr))
    batch.prepare_catalog()
    earlier = set(instance.get_run_ids())
    started, cpu_started = time.perf_counter(), time.process_time()
    batch.take_in()
    days = batch.rebuild()
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    verdicts = batch.verdicts()
    refused = [one.file.file_id for one in verdicts if one.refusal]
    if refused:
        sys.exit(f"error: files were refused: {refused}")
    phases = step_seconds(instance, earlier)
    phases["between_steps"] = wall - sum(phases.values())
    answer = {
        "wall_s": wall,
        "cpu_s": cpu,
        "rows": sum(one.read_row_count for one in verdicts),
        "days": len(days),
        "phases": phases,
        "bytes": stored_bytes(batch.tables),
    }
    print(json.dumps(answer))


def stored_bytes(tables: TableStore) -> dict[str, int]:
    """What lies in S3, and what marts read of it: of Parquet an engine reads less than all."""
    sizes = {
        table.key: sum(part.byte_count for part in tables.catalog.partitions(table))
        for table in (STAGED_EVENTS, EVENTS, EVENT_DAYS, BOT_VERDICTS, *marts.TABLES)
    }
    return {
        "lake_bytes": sizes[STAGED_EVENTS.key],
        "mart_bytes": sum(sizes[mart.key] for mart in marts.TABLES),
        "read_bytes": sum(sizes[read.key] for mart in marts.TABLES for read in mart.inputs),
    }


def step_seconds(instance: dg.DagsterInstance, earlier: set[str]) -> dict[str, float]:
    """Seconds spent inside each step, as the instance recorded them, all later runs together."""
    seconds: dict[str, float] = {}
    # The instance lists its runs newest first.
    for run_id in [run for run in reversed(instance.get_run_ids()) if run not in earlier]:
        for step in instance.get_run_step_stats(run_id):
            if step.start_time and step.end_time:
                name = PHASES.get(step.step_key, step.step_key)
                seconds[name] = seconds.get(name, 0.0) + step.end_time - step.start_time
    return seconds


if __name__ == "__main__":
    main()
