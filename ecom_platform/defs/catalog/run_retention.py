"""Old runs of Dagster are forgotten, but for those that tell of what is in use.

A run is where Dagster keeps that a partition was built. Deleting the run that built the current
version of a day would make the day look missing, and have it built again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

KEPT_FOR = timedelta(days=30)
RUNS_AT_ONCE = 1000

FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def remove_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Forget finished runs that began a month before `now`; returns how many.

    Kept are those that materialized any partition, or asset without partitions, last.
    """
    records = instance.get_run_records(
        filters=dg.RunsFilter(statuses=FINISHED, created_before=now - KEPT_FOR),
        limit=RUNS_AT_ONCE,
        ascending=True,
    )
    used = set(_runs_in_use(instance)) if records else set()
    old = [r.dagster_run.run_id for r in records if r.dagster_run.run_id not in used]
    for run_id in old:
        instance.delete_run(run_id)
    return len(old)


def _runs_in_use(instance: dg.DagsterInstance) -> Iterator[str]:
    for key in instance.all_asset_keys():
        last = instance.get_latest_storage_id_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        if last:
            found = instance.fetch_materializations(
                dg.AssetRecordsFilter(key, storage_ids=list(last.values())), limit=len(last)
            )
            yield from (record.run_id for record in found.records)
        if event := instance.get_latest_materialization_event(key):
            yield event.run_id
