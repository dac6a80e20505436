"""Requests to forget somebody are worked on until nothing is left, and looked at again each day
while something may still come back out of a stream.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg

from ecom_platform.defs.partitions import span_tags
from ecom_platform.defs.privacy.assets import ERASURE_REQUESTS, ERASURES
from ecom_platform.pipeline.erasure_requests import (
    ErasureRequest,
    read_reports,
    read_requests,
    utc_now,
)
from ecom_platform.resources.table_store import TableStore

AGAIN = timedelta(days=1)
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    name="erasure_requests_sensor",
    asset_selection=[ERASURES],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Forgets who asked for it, and looks again until nothing is left anywhere.",
)
def erasure_requests_sensor(
    context: dg.SensorEvaluationContext, tables: TableStore
) -> dg.SensorResult | dg.SkipReason:
    requests = read_requests(tables.objects)
    reports = read_reports(tables.objects) if requests else {}
    now = utc_now()
    open_ones = [one for one in requests if needs_pass(one, reports.get(one.request_id), now)]
    if not open_ones:
        return dg.SkipReason(f"{len(requests)} requests, all of them verified")
    if under_way(context.instance):
        return dg.SkipReason("a pass is under way; what it leaves is looked at after it")
    names = [one.request_id for one in open_ones]
    known = context.instance.get_dynamic_partitions(ERASURE_REQUESTS.name or "")
    for name in names:
        if name not in known:
            context.instance.report_runless_asset_event(
                dg.AssetObservation(ERASURES, partition=name, metadata={"state": "requested"})
            )
    return dg.SensorResult(
        dynamic_partitions_requests=[ERASURE_REQUESTS.build_add_request(names)],
        run_requests=[
            dg.RunRequest(
                # Every minute at most: what is made of raw data is built meanwhile.
                run_key=f"{names[0]}..{names[-1]}:{now:%Y-%m-%dT%H:%M}",
                asset_selection=[ERASURES],
                **(
                    {"partition_key": names[0]}
                    if len(names) == 1
                    else {"tags": span_tags((names[0], names[-1]))}
                ),
            )
        ],
    )


def under_way(instance: dg.DagsterInstance) -> bool:
    """Whether a run of this sensor waits or works: a pass reads everything, and one is enough."""
    mine = dg.RunsFilter(
        statuses=UNFINISHED, tags={"dagster/sensor_name": "erasure_requests_sensor"}
    )
    return bool(instance.get_runs(mine, limit=1))


def needs_pass(request: ErasureRequest, report: Mapping[str, Any] | None, now: datetime) -> bool:
    """Whether a request is to be worked on: something is left, or may have come back since."""
    if report is None or report["state"] != "verified":
        return True
    searched_at = datetime.fromisoformat(report["searched_at"])
    streams = [
        date.fromisoformat(one["on"])
        for one in report["expires"]
        if one["place"].startswith("Kinesis")
    ]
    last = max(streams, default=request.until.date())
    return searched_at.date() <= last and now - searched_at >= AGAIN
