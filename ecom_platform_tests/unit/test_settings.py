"""Reading the environment."""

import re

import pytest

from ecom_platform.settings import LOCAL_SPARK, SettingError, Settings


def test_empty_environment_gives_the_local_installation() -> None:
    settings = Settings.from_environment({})

    assert (settings.environment, settings.data_bucket) == ("local", "ecom-data-local")
    assert settings.aws_profile is None


def test_unknown_environment_is_refused_with_the_choices() -> None:
    with pytest.raises(SettingError, match="'prod'; choose one of: local, aws"):
        Settings.from_environment({"ECOM_ENVIRONMENT": "prod"})


def test_prefix_names_the_stream_of_raw_events() -> None:
    assert Settings.from_environment({}).raw_events_stream == "ecom-raw-events"
    settings = Settings.from_environment({"ECOM_PREFIX": "mine-"})
    assert settings.raw_events_stream == "mine-raw-events"
    assert settings.data_bucket == "mine-data-local"
    assert (settings.database_prefix, settings.alerts_table) == ("mine_", "mine-alerts")


def test_spark_reads_files_from_a_size_on_where_one_is_set() -> None:
    assert Settings.from_environment({}).spark_from_bytes is None
    settings = Settings.from_environment({"ECOM_SPARK_FROM_BYTES": "1"})
    assert (settings.spark_from_bytes, settings.spark_command) == (1, LOCAL_SPARK)
    on_aws = Settings.from_environment({"ECOM_ENVIRONMENT": "aws", "ECOM_PREFIX": "mine-"})
    assert (on_aws.spark_command, on_aws.staging_job) == (None, "mine-stage-events")


def test_a_database_is_named_by_its_url() -> None:
    assert Settings.from_environment({}).mart_database is None
    for url in ("postgresql://127.0.0.1:5432/postgres", "postgresql://db.x/marts?sslmode=require"):
        assert Settings.from_environment({"ECOM_MART_DATABASE": url}).mart_database == url


def test_athena_is_of_aws_alone() -> None:
    with pytest.raises(SettingError, match="needs ECOM_ENVIRONMENT=aws"):
        Settings.from_environment({"ECOM_MART_ENGINE": "athena"})
    values = {"ECOM_MART_ENGINE": "athena", "ECOM_ENVIRONMENT": "aws"}
    assert Settings.from_environment(values).mart_engine == "athena"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ECOM_PREFIX", "Mine-", "wanted are up to 16 lower-case letters"),
        ("ECOM_PREFIX", "mine", "a hyphen last"),
        ("ECOM_STORE_TIME_ZONE", "CET+1", "an IANA name like 'Europe/Berlin'"),
        ("ECOM_MART_ENGINE", "spark", "choose one of: duckdb, athena"),
        ("ECOM_SCHEMA_FINDER", "spark", "choose one of: duckdb, crawler"),
        ("ECOM_SCHEMA_FINDER", "crawler", "which needs ECOM_ENVIRONMENT=aws"),
        ("ECOM_MART_DATABASE", "host:5432/db", "a URL without a user, like"),
        ("ECOM_MART_DATABASE", "postgresql://me@host/db", "a URL without a user"),
        ("ECOM_SPARK_FROM_BYTES", "4 GB", "a number of bytes like 4000000000"),
        ("ECOM_SPARK_FROM_BYTES", "0", "a number of bytes"),
    ],
)
def test_value_that_cannot_be_used_is_refused_with_its_name(
    name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingError, match=f"{name} is '{re.escape(value)}'.*{says}"):
        Settings.from_environment({name: value})
