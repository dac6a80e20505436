"""One boto3 session a profile. Region, endpoint and credentials are boto3's own business."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 16
"""Small objects are put and read this many at a time."""

CONFIG = Config(
    max_pool_connections=CONNECTIONS, retries={"mode": "standard", "total_max_attempts": 6}
)


@lru_cache
def session(profile: str | None) -> boto3.Session:
    return boto3.Session(profile_name=profile)


@lru_cache
def s3_client(profile: str | None) -> "S3Client":
    return session(profile).client("s3", config=CONFIG)


@lru_cache
def glue_client(profile: str | None) -> "GlueClient":
    return session(profile).client("glue", config=CONFIG)


@lru_cache
def kinesis_client(profile: str | None) -> Any:  # noqa: ANN401 - one call is used of it
    return session(profile).client("kinesis", config=CONFIG)


@lru_cache
def cloudwatch_client(profile: str | None) -> Any:  # noqa: ANN401 - one call is used of it
    return session(profile).client("cloudwatch", config=CONFIG)


@lru_cache
def managed_flink_client(profile: str | None) -> Any:  # noqa: ANN401 - one call is used of it
    return session(profile).client("kinesisanalyticsv2", config=CONFIG)


@lru_cache
def dynamodb_table(profile: str | None, name: str) -> Any:  # noqa: ANN401 - one call is used of it
    return session(profile).resource("dynamodb", config=CONFIG).Table(name)


def forget_clients() -> None:
    """Let the next call make clients anew: another cloud, or another role, is meant from now on."""
    for cached in (
        session,
        s3_client,
        glue_client,
        kinesis_client,
        cloudwatch_client,
        managed_flink_client,
        dynamodb_table,
    ):
        cached.cache_clear()
