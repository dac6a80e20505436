"""The only reader of the environment. Every resource name of the platform comes from here.

What does not belong here: AWS credentials, region and endpoint. Those are boto3's own business
(`AWS_ENDPOINT_URL`, `AWS_REGION`, …), which is why the local cloud needs no code of its own.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

Environment = Literal["local", "aws"]


LOCAL_FLINK = "http://127.0.0.1:8081"


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names the variable and the remedy."""


@dataclass(frozen=True)
class Settings:
    """What differs from one installation to the next. The asset graph never depends on it.

    Attributes:
        environment: where the platform runs.
        data_bucket: the S3 bucket with the prefixes `raw/`, `lake/` and `marts/`.
        database_prefix: put before each Glue database name (`lake`, `marts`), for shared accounts.
        aws_profile: profile of the AWS configuration whose role the platform works under.
        cleaner_profile: the same for the removal of old versions, which alone may delete.
        producer_profile: the same for whoever delivers event files and sends events.
        observer_profile: the same for who watches the stream: it reads metrics and alerts alone.
        stream_prefix: put before the name of each Kinesis stream and of the tables it fills.
        flink_rest_url: where Flink's REST interface answers; none where AWS runs the job.
        made_up_events_dir: folder that keeps the made-up traffic of the demo.
        scratch_dir: folder for the one local copy of a file while it is staged, and for spilling.
        memory_limit: what DuckDB may take before it spills to `scratch_dir`.

    """

    environment: Environment
    data_bucket: str
    database_prefix: str
    aws_profile: str | None
    producer_profile: str | None
    cleaner_profile: str | None
    observer_profile: str | None
    stream_prefix: str
    flink_rest_url: str | None
    made_up_events_dir: Path
    scratch_dir: Path
    memory_limit: str

    @property
    def raw_events_stream(self) -> str:
        """The Kinesis stream of events as they happen."""
        return f"{self.stream_prefix}raw-events"

    @property
    def alerts_table(self) -> str:
        """The DynamoDB table of alerts."""
        return f"{self.stream_prefix}alerts"

    @property
    def flink_application(self) -> str:
        """The application of Managed Service for Apache Flink."""
        return f"{self.stream_prefix}rules"

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None) -> "Settings":
        """Read the `ECOM_` variables; an empty environment gives the local installation."""
        found = os.environ if variables is None else variables
        environment = found.get("ECOM_ENVIRONMENT", "local")
        if environment not in get_args(Environment):
            choices = ", ".join(get_args(Environment))
            raise SettingError(f"ECOM_ENVIRONMENT is {environment!r}; choose one of: {choices}")
        return cls(
            environment=cast("Environment", environment),
            data_bucket=found.get("ECOM_DATA_BUCKET", "ecom-data-local"),
            database_prefix=found.get("ECOM_DATABASE_PREFIX", ""),
            aws_profile=found.get("ECOM_AWS_PROFILE") or None,
            producer_profile=found.get("ECOM_PRODUCER_PROFILE") or None,
            cleaner_profile=found.get("ECOM_CLEANER_PROFILE") or None,
            observer_profile=found.get("ECOM_OBSERVER_PROFILE") or None,
            flink_rest_url=found.get("ECOM_FLINK_REST_URL")
            or (LOCAL_FLINK if environment == "local" else None),
            stream_prefix=found.get("ECOM_STREAM_PREFIX", "ecom-"),
            made_up_events_dir=Path(found.get("ECOM_MADE_UP_EVENTS_DIR") or "made_up_events"),
            scratch_dir=Path(found.get("ECOM_SCRATCH_DIR") or tempfile.gettempdir()),
            memory_limit=found.get("ECOM_MEMORY_LIMIT", "2GB"),
        )
