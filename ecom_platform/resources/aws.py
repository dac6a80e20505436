"""One boto3 session a profile. Region, endpoint and credentials are boto3's own business."""

from dataclasses import dataclass, field
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


@dataclass
class Clients:
    """Sessions and clients that were made, by profile; making one costs tenths of a second."""

    sessions: dict[str | None, boto3.Session] = field(default_factory=dict)
    clients: dict[tuple[str | None, str], Any] = field(default_factory=dict)

    def session(self, profile: str | None) -> boto3.Session:
        if profile not in self.sessions:
            self.sessions[profile] = boto3.Session(profile_name=profile)
        return self.sessions[profile]

    def client(self, profile: str | None, service: str) -> Any:  # noqa: ANN401 - typed by callers
        if (profile, service) not in self.clients:
            client = self.session(profile).client(service, config=CONFIG)  # type: ignore[call-overload]
            self.clients[profile, service] = client
        return self.clients[profile, service]

    def forget(self) -> None:
        """Let the next call make clients anew: another cloud, or another role, is meant now."""
        self.sessions.clear()
        self.clients.clear()


CLIENTS = Clients()


def s3_client(profile: str | None) -> "S3Client":
    client: S3Client = CLIENTS.client(profile, "s3")
    return client


def glue_client(profile: str | None) -> "GlueClient":
    client: GlueClient = CLIENTS.client(profile, "glue")
    return client


def kinesis_client(profile: str | None) -> Any:  # noqa: ANN401 - one call is used of it
    return CLIENTS.client(profile, "kinesis")


def cloudwatch_client(profile: str | None) -> Any:  # noqa: ANN401 - one call is used of it
    return CLIENTS.client(profile, "cloudwatch")


def managed_flink_client(profile: str | None) -> Any:  # noqa: ANN401 - one call is used of it
    return CLIENTS.client(profile, "kinesisanalyticsv2")


def dynamodb_table(profile: str | None, name: str) -> Any:  # noqa: ANN401 - one call is used of it
    return CLIENTS.session(profile).resource("dynamodb", config=CONFIG).Table(name)
