"""Reading the environment."""

import re

import pytest

from ecom_platform.settings import SettingError, Settings


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
    ],
)
def test_value_that_cannot_be_used_is_refused_with_its_name(
    name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingError, match=f"{name} is '{re.escape(value)}'.*{says}"):
        Settings.from_environment({name: value})
