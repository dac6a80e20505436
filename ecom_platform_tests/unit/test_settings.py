"""Reading the environment."""

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
    settings = Settings.from_environment({"ECOM_STREAM_PREFIX": "mine-"})
    assert settings.raw_events_stream == "mine-raw-events"
