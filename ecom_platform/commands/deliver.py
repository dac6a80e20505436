"""Delivering event files: what a shop's export job does, under a role that can do nothing else.

What does not belong here: reading them (`batch`, or the sensors).
"""

from collections.abc import Sequence
from pathlib import Path

from ecom_platform.lake.event_files import EXPORTS_PREFIX, SUFFIXES, is_event_file
from ecom_platform.resources.aws import s3_client
from ecom_platform.settings import Settings


class NotAnEventFileError(ValueError):
    """A path that cannot be delivered; the message says what is expected."""


def deliver(paths: Sequence[Path], settings: Settings) -> list[str]:
    """Put files under `raw/exports/`, and return their keys; the same name again replaces.

    Raises:
        NotAnEventFileError: a path is no file, or its name does not end in .csv or .csv.gz.

    """
    for path in paths:
        if not path.is_file():
            raise NotAnEventFileError(f"there is no file {path}")
        if not is_event_file(path.name):
            raise NotAnEventFileError(f"{path.name} must end in {' or '.join(SUFFIXES)}")
    client = s3_client(settings.producer_profile)
    keys = [f"{EXPORTS_PREFIX}{path.name}" for path in paths]
    for path, key in zip(paths, keys, strict=True):
        client.upload_file(str(path), settings.data_bucket, key)
    return keys
