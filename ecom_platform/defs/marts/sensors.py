"""Marts follow the lake by automation: each day is built when a day that it reads has changed."""

import dagster as dg

marts_automation_sensor = dg.AutomationConditionSensorDefinition(
    name="marts_automation_sensor",
    target=dg.AssetSelection.groups("marts")
    | dg.AssetSelection.keys(["lake", "bot_verdicts"], ["streaming", "product_affinity"]),
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Builds the days of marts that read a changed day, and no others.",
)
