"""All definitions of the platform: loads `defs/`, binds the resources, and nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from ecom_platform.resources.affinity_table import AffinityTable
from ecom_platform.resources.alert_log import AlertLog
from ecom_platform.resources.athena import Athena
from ecom_platform.resources.brew_job import BrewJob
from ecom_platform.resources.eraser import Eraser
from ecom_platform.resources.flink_job import FlinkJob, ManagedFlinkJob, RestFlinkJob
from ecom_platform.resources.glue_catalog import GlueCatalog
from ecom_platform.resources.mart_database import MartDatabase
from ecom_platform.resources.object_store import ObjectStore
from ecom_platform.resources.platform_metrics import PlatformMetrics
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.schema_finder import (
    CrawlingSchemaFinder,
    GuessingSchemaFinder,
    SchemaFinder,
)
from ecom_platform.resources.session_log import SessionLog
from ecom_platform.resources.staging_job import GlueStagingJob, LocalStagingJob, StagingJob
from ecom_platform.resources.stream_metrics import StreamMetrics
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings


@dataclass(frozen=True)
class Resources:
    """The resources of one installation, each under the name that assets and sensors ask for."""

    tables: TableStore
    cleaner: TableStore
    eraser: Eraser
    engine: QueryEngine
    staging_job: StagingJob
    mart_database: MartDatabase
    schema_finder: SchemaFinder
    brew_job: BrewJob
    stream_metrics: StreamMetrics
    platform_metrics: PlatformMetrics
    flink_job: FlinkJob
    alert_log: AlertLog
    affinity_table: AffinityTable

    @classmethod
    def of(cls, settings: Settings) -> "Resources":
        tables = _tables(settings, settings.aws_profile)
        return cls(
            tables=tables,
            cleaner=_tables(settings, settings.cleaner_profile),
            eraser=_eraser(settings),
            engine=QueryEngine(
                objects=tables.objects,
                scratch_dir=str(settings.scratch_dir),
                memory_limit=settings.memory_limit,
                athena=_athena(settings),
            ),
            staging_job=_staging_job(settings, tables),
            schema_finder=_schema_finder(settings, tables),
            brew_job=BrewJob(job=settings.brew_job, profile=settings.observer_profile),
            mart_database=MartDatabase(
                url=settings.mart_database,
                prefix=settings.prefix,
                has_iam=settings.environment == "aws",
                profile=settings.aws_profile,
            ),
            stream_metrics=StreamMetrics(
                stream_prefix=settings.prefix, profile=settings.observer_profile
            ),
            platform_metrics=PlatformMetrics(
                namespace=f"{settings.prefix}dagster", profile=settings.aws_profile
            ),
            flink_job=_flink_job(settings),
            alert_log=AlertLog(table=settings.alerts_table, profile=settings.observer_profile),
            affinity_table=AffinityTable(
                table=settings.product_affinity_table, profile=settings.aws_profile
            ),
        )


def session_log(settings: Settings) -> SessionLog:
    """The sessions of an installation; people look at them, and no asset or sensor does."""
    return SessionLog(
        settings.user_sessions_table, settings.quiet_carts_table, settings.observer_profile
    )


def _tables(settings: Settings, profile: str | None) -> TableStore:
    """The tables under one role."""
    return TableStore(
        objects=ObjectStore(bucket=settings.data_bucket, profile=profile),
        catalog=GlueCatalog(database_prefix=settings.database_prefix, profile=profile),
        store_time_zone=settings.store_time_zone.key,
    )


def _eraser(settings: Settings) -> Eraser:
    return Eraser(
        tables=_tables(settings, settings.eraser_profile),
        user_tables=[settings.user_sessions_table, settings.quiet_carts_table],
        alerts_table=settings.alerts_table,
        streams=settings.streams,
    )


def _athena(settings: Settings) -> Athena | None:
    """Where marts are computed by Athena, its work group."""
    if settings.mart_engine != "athena":
        return None
    return Athena(
        work_group=settings.athena_work_group,
        database_prefix=settings.database_prefix,
        profile=settings.aws_profile,
    )


def _schema_finder(settings: Settings, tables: TableStore) -> SchemaFinder:
    if settings.schema_finder == "duckdb":
        return GuessingSchemaFinder(objects=tables.objects)
    return CrawlingSchemaFinder(
        crawlers=settings.crawlers,
        database=f"{settings.database_prefix}raw_found",
        profile=settings.aws_profile,
    )


def _staging_job(settings: Settings, tables: TableStore) -> StagingJob:
    """The Spark job where it runs: on this machine, or on Glue."""
    common: dict[str, Any] = {
        "objects": tables.objects,
        "from_bytes": settings.spark_from_bytes,
    }
    if settings.spark_command:
        return LocalStagingJob(command=settings.spark_command, **common)
    return GlueStagingJob(job=settings.staging_job, **common)


def _flink_job(settings: Settings) -> FlinkJob:
    """The job where it runs: behind a REST interface that can be reached, or in AWS's hands."""
    if settings.flink_rest_url:
        return RestFlinkJob(url=settings.flink_rest_url)
    return ManagedFlinkJob(
        application=settings.flink_application, profile=settings.observer_profile
    )


def definitions_on(resources: Resources) -> dg.Definitions:
    """The definitions, with some installation's resources bound."""
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(
            resources=vars(resources),
            # A step in a process of its own costs seconds of start-up, and DuckDB uses all cores.
            executor=dg.in_process_executor,
        ),
    )


@dg.definitions
def platform() -> dg.Definitions:
    return definitions_on(Resources.of(Settings.from_environment()))
