"""All definitions of the platform: loads `defs/`, binds the resources, and nothing else."""

from pathlib import Path

import dagster as dg

from ecom_platform.resources.alert_log import AlertLog
from ecom_platform.resources.flink_job import FlinkJob, ManagedFlinkJob, RestFlinkJob
from ecom_platform.resources.glue_catalog import GlueCatalog
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.stream_metrics import StreamMetrics
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings


def resources(settings: Settings) -> dict[str, object]:
    """The resources of one installation."""
    objects = ObjectStore(bucket=settings.data_bucket, profile=settings.aws_profile)
    catalog = GlueCatalog(database_prefix=settings.database_prefix, profile=settings.aws_profile)
    return {
        "tables": TableStore(objects=objects, catalog=catalog),
        "cleaner": TableStore(
            objects=ObjectStore(bucket=settings.data_bucket, profile=settings.cleaner_profile),
            catalog=GlueCatalog(
                database_prefix=settings.database_prefix, profile=settings.cleaner_profile
            ),
        ),
        "engine": QueryEngine(
            objects=objects,
            scratch_dir=str(settings.scratch_dir),
            memory_limit=settings.memory_limit,
        ),
        "stream_metrics": StreamMetrics(
            stream_prefix=settings.stream_prefix, profile=settings.observer_profile
        ),
        "flink_job": flink_job(settings),
        "alert_log": AlertLog(table=settings.alerts_table, profile=settings.observer_profile),
    }


def flink_job(settings: Settings) -> FlinkJob:
    """The job where it runs: behind a REST interface that can be reached, or in AWS's hands."""
    if settings.flink_rest_url:
        return RestFlinkJob(url=settings.flink_rest_url)
    return ManagedFlinkJob(
        application=settings.flink_application, profile=settings.observer_profile
    )


@dg.definitions
def platform() -> dg.Definitions:
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(
            resources=resources(Settings.from_environment()),
            # A step in a process of its own costs seconds of start-up, and DuckDB uses all cores.
            executor=dg.in_process_executor,
        ),
    )
