"""Marts that changed are published to PostgreSQL, where there is one."""

from datetime import UTC, datetime

import dagster as dg

from ecom_platform.defs.cursors import digest
from ecom_platform.defs.database.assets import SERVED_MARTS
from ecom_platform.pipeline.mart_database import shown_days, stale_among
from ecom_platform.resources.mart_database import MartDatabase
from ecom_platform.resources.table_store import TableStore


@dg.sensor(
    name="mart_database_sensor",
    asset_selection=[SERVED_MARTS],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Publishes the days of marts that PostgreSQL has in another version.",
)
def mart_database_sensor(
    tables: TableStore, mart_database: MartDatabase
) -> dg.SensorResult | dg.SkipReason:
    if mart_database.url is None:
        return dg.SkipReason("no database: ECOM_MART_DATABASE is not set")
    shown = shown_days(tables)
    if not stale_among(shown, mart_database):
        return dg.SkipReason("the database has every day as readers of the lake see it")
    # All that there is, not what is stale: that shrinks while a run is at it.
    versions = [f"{one.mart.name} {one.day} {one.part.version}" for one in shown]
    # A run that failed is asked for again in the next hour.
    hour = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    request = dg.RunRequest(run_key=f"{digest(versions)}:{hour}", asset_selection=[SERVED_MARTS])
    return dg.SensorResult(run_requests=[request])
