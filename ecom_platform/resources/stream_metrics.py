"""What CloudWatch knows of the Kinesis streams; the local cloud publishes the same metrics.

What does not belong here: what of it is healthy (`streaming.health`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from ecom_platform.resources.aws import cloudwatch_client
from ecom_platform.streaming.health import StreamHealth

NAMESPACE = "AWS/Kinesis"
WINDOW = timedelta(minutes=15)
PERIOD_SECONDS = 60
"""The finest that CloudWatch keeps of these metrics."""
INCOMING, AGE = "incoming", "age"
METRICS = {
    INCOMING: ("IncomingRecords", "Sum"),
    AGE: ("GetRecords.IteratorAgeMilliseconds", "Maximum"),
}


class StreamMetrics(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The metrics of streams, under a role that may read metrics."""

    stream_prefix: str
    profile: str | None = None

    def health(self, streams: Sequence[str], now: datetime) -> dict[str, StreamHealth]:
        """The health of each stream over the last minutes; `now` with its time zone."""
        pages = (
            cloudwatch_client(self.profile)
            .get_paginator("get_metric_data")
            .paginate(
                MetricDataQueries=list(_queries(streams)),
                StartTime=now - WINDOW,
                EndTime=now + timedelta(seconds=1),
            )
        )
        found: dict[str, list[tuple[datetime, float]]] = {}
        for page in pages:
            for result in page["MetricDataResults"]:
                points = zip(result["Timestamps"], result["Values"], strict=True)
                found.setdefault(result["Id"], []).extend(points)
        return {stream: _health(stream, place, found, now) for place, stream in enumerate(streams)}


def _queries(streams: Sequence[str]) -> Iterable[dict[str, Any]]:
    for place, stream in enumerate(streams):
        for kind, (metric, statistic) in METRICS.items():
            yield {
                "Id": f"{kind}_{place}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": NAMESPACE,
                        "MetricName": metric,
                        "Dimensions": [{"Name": "StreamName", "Value": stream}],
                    },
                    "Period": PERIOD_SECONDS,
                    "Stat": statistic,
                },
            }


def _health(
    stream: str,
    place: int,
    found: Mapping[str, Sequence[tuple[datetime, float]]],
    now: datetime,
) -> StreamHealth:
    """From points a minute: time at which the minute began, and value."""
    incoming = [point for point in found.get(f"{INCOMING}_{place}", ()) if point[1]]
    ages = sorted(found.get(f"{AGE}_{place}", ()))
    # A minute with a record may have had it at its end.
    ends = [begun + timedelta(seconds=PERIOD_SECONDS) for begun, _ in incoming]
    return StreamHealth(
        stream=stream,
        window_seconds=WINDOW.total_seconds(),
        incoming_record_count=int(sum(count for _, count in incoming)),
        silent_seconds=max(0.0, (now - max(ends)).total_seconds()) if ends else None,
        # The newest two minutes: the age of an hour ago is no trouble any more.
        iterator_age_seconds=max(age for _, age in ages[-2:]) / 1000 if ages else None,
    )
