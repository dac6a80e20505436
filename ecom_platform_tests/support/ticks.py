"""Sensors as state machines: ticked again and again, with the cursor that they left."""

import dagster as dg

from ecom_platform.batch import Batch

RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


class Ticks:
    """A sensor, ticked again and again with the cursor that it left."""

    def __init__(self, sensor: dg.SensorDefinition, batch: Batch) -> None:
        self.sensor, self.batch = sensor, batch
        self.cursor: str | None = None

    def tick(self) -> list[dg.RunRequest]:
        with dg.build_sensor_context(
            instance=self.batch.instance,
            cursor=self.cursor,
            resources=self.batch.definitions.resources,
            definitions=self.batch.definitions,
        ) as context:
            result = self.sensor(context)
            # A tick that skips may move its cursor all the same.
            self.cursor = context.cursor
        self.events = list(result.asset_events) if isinstance(result, dg.SensorResult) else []
        self.skipped = result.skip_message if isinstance(result, dg.SkipReason) else None
        if not isinstance(result, dg.SensorResult):
            return []
        self.cursor = result.cursor or self.cursor
        for request in result.dynamic_partitions_requests or []:
            self.batch.instance.add_dynamic_partitions(
                request.partitions_def_name, list(request.partition_keys)
            )
        return list(result.run_requests or [])


def ranges(requests: list[dg.RunRequest]) -> list[tuple[str, str]]:
    return [(request.tags[RANGE[0]], request.tags[RANGE[1]]) for request in requests]
