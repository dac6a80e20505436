"""The only reader of the environment. Every resource name of the platform comes from here.

What does not belong here: AWS credentials, region and endpoint. Those are boto3's own business
(`AWS_ENDPOINT_URL`, `AWS_REGION`, …), which is why the local cloud needs no code of its own.
"""

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo, available_timezones

Environment = Literal["local", "aws"]
MartEngine = Literal["duckdb", "athena"]
SchemaFinder = Literal["duckdb", "crawler"]

OF_AWS = {"athena", "crawler"}
"""Choices that there are on AWS alone."""
LOCAL_FLINK = "http://127.0.0.1:8081"
LOCAL_SPARK = ".venv-spark/bin/python -m glue_jobs.local.launch"
DATABASE_FORM = re.compile(r"postgresql://[^@/?#]+(:\d+)?/[^/?#]+(\?[^#]*)?")
"""Who logs in is for the platform to say: it has a role for each kind of work."""
PREFIX_FORM = re.compile(r"[a-z][a-z0-9-]{0,14}-")
"""As the templates allow it: bucket, database and function names are made with it."""


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names the variable and the remedy."""


@dataclass(frozen=True)
class Settings:
    """What differs from one installation to the next. The asset graph never depends on it.

    Attributes:
        environment: where the platform runs.
        prefix: put before every name of the installation, so that an account can hold several.
        data_bucket: the S3 bucket with the prefixes `raw/`, `lake/` and `marts/`.
        aws_profile: profile of the AWS configuration whose role the platform works under.
        producer_profile: the same for whoever delivers event files and sends events.
        reader_profile: the same for the dashboard, which reads tables and keeps people's words.
        cleaner_profile: the same for the removal of old versions, which alone may delete.
        replayer_profile: the same for giving failed records to their functions once more.
        eraser_profile: the same for forgetting users, which alone may delete versions of objects.
        on_call_profile: the same for who acknowledges alerts and mutes them.
        observer_profile: the same for who watches the stream: it reads metrics and alerts alone.
        policy_file: who may see what on the dashboard; the demo's on one machine.
        dashboard_user: who looks at it where nobody signs in; none where people sign in.
        flink_rest_url: where Flink's REST interface answers; none where AWS runs the job.
        store_time_zone: the shop's own time, by which days, hours and weekdays are cut.
        currency: what amounts are named in, where people read them.
        made_up_events_dir: folder that keeps the made-up traffic of the demo.
        scratch_dir: folder for the one local copy of a file while it is staged, and for spilling.
        memory_limit: what DuckDB may take before it spills to `scratch_dir`.
        mart_engine: what computes the marts.
        schema_finder: what looks into raw files for their columns.
        mart_database: PostgreSQL that marts are published to and the dashboard reads, as a URL
            without a user; none where both use the lake alone.
        spark_from_bytes: size of the raw files that Spark reads; none where DuckDB reads all.
        spark_command: what starts the Spark job on this machine; none where Glue runs it.

    """

    environment: Environment
    prefix: str
    data_bucket: str
    aws_profile: str | None
    producer_profile: str | None
    reader_profile: str | None
    cleaner_profile: str | None
    replayer_profile: str | None
    eraser_profile: str | None
    on_call_profile: str | None
    observer_profile: str | None
    policy_file: Path | None
    dashboard_user: str | None
    flink_rest_url: str | None
    store_time_zone: ZoneInfo
    currency: str
    made_up_events_dir: Path
    scratch_dir: Path
    memory_limit: str
    mart_engine: MartEngine = "duckdb"
    schema_finder: SchemaFinder = "duckdb"
    mart_database: str | None = None
    spark_from_bytes: int | None = None
    spark_command: str | None = None

    @property
    def as_reader(self) -> "Settings":
        """The same for who looks at tables alone."""
        return replace(self, aws_profile=self.reader_profile or self.aws_profile)

    @property
    def athena_work_group(self) -> str:
        """The work group in which Athena computes marts."""
        return f"{self.prefix}marts"

    @property
    def staging_job(self) -> str:
        """The Glue job that reads large raw files."""
        return f"{self.prefix}stage-events"

    @property
    def crawlers(self) -> dict[str, str]:
        """What is crawled → the Glue crawler of it."""
        return {
            "exports": f"{self.prefix}raw-exports",
            "stream_events": f"{self.prefix}raw-stream-events",
        }

    @property
    def brew_job(self) -> str | None:
        """The DataBrew job; there is no DataBrew on one machine."""
        return f"{self.prefix}clean-events" if self.environment == "aws" else None

    @property
    def database_prefix(self) -> str:
        """Put before each Glue database name: `ecom_lake`. Athena takes no hyphen unquoted."""
        return self.prefix.replace("-", "_")

    @property
    def raw_events_stream(self) -> str:
        """The Kinesis stream of events as they happen."""
        return f"{self.prefix}raw-events"

    @property
    def streams(self) -> list[str]:
        """The Kinesis streams with records about users."""
        names = (
            "raw-events",
            "detections",
            "user-sessions",
            "quiet-carts",
            "dead-letters",
            "late-events",
        )
        return [f"{self.prefix}{name}" for name in names]

    @property
    def alerts_table(self) -> str:
        """The DynamoDB table of alerts."""
        return f"{self.prefix}alerts"

    @property
    def user_sessions_table(self) -> str:
        """The DynamoDB table of the newest state of each session."""
        return f"{self.prefix}user-sessions"

    @property
    def quiet_carts_table(self) -> str:
        """The DynamoDB table of carts gone quiet, and of what was told of them."""
        return f"{self.prefix}quiet-carts"

    @property
    def product_affinity_table(self) -> str:
        """The DynamoDB table of what goes with a product."""
        return f"{self.prefix}product-affinity"

    @property
    def flink_application(self) -> str:
        """The application of Managed Service for Apache Flink."""
        return f"{self.prefix}rules"

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None) -> "Settings":
        """Read the `ECOM_` variables; an empty environment gives the local installation.

        Raises:
            SettingError: one of them has a value that cannot be used.

        """
        values = os.environ if variables is None else variables
        environment = _choice(values, "ECOM_ENVIRONMENT", "local", get_args(Environment))
        mart_engine = _choice(values, "ECOM_MART_ENGINE", "duckdb", get_args(MartEngine))
        finder = _choice(values, "ECOM_SCHEMA_FINDER", "duckdb", get_args(SchemaFinder))
        for name, chosen in {"ECOM_MART_ENGINE": mart_engine, "ECOM_SCHEMA_FINDER": finder}.items():
            if environment == "local" and chosen in OF_AWS:
                raise SettingError(f"{name} is {chosen!r}, which needs ECOM_ENVIRONMENT=aws")
        prefix = _prefix(values.get("ECOM_PREFIX", "ecom-"))
        return cls(
            environment=cast("Environment", environment),
            prefix=prefix,
            data_bucket=values.get("ECOM_DATA_BUCKET") or f"{prefix}data-local",
            aws_profile=values.get("ECOM_AWS_PROFILE") or None,
            producer_profile=values.get("ECOM_PRODUCER_PROFILE") or None,
            reader_profile=values.get("ECOM_READER_PROFILE") or None,
            cleaner_profile=values.get("ECOM_CLEANER_PROFILE") or None,
            replayer_profile=values.get("ECOM_REPLAYER_PROFILE") or None,
            eraser_profile=values.get("ECOM_ERASER_PROFILE") or None,
            on_call_profile=values.get("ECOM_ON_CALL_PROFILE") or None,
            observer_profile=values.get("ECOM_OBSERVER_PROFILE") or None,
            policy_file=Path(values["ECOM_POLICY"]) if values.get("ECOM_POLICY") else None,
            dashboard_user=values.get("ECOM_DASHBOARD_USER", "owner")
            if environment == "local"
            else None,
            flink_rest_url=values.get("ECOM_FLINK_REST_URL")
            or (LOCAL_FLINK if environment == "local" else None),
            store_time_zone=_time_zone(values.get("ECOM_STORE_TIME_ZONE") or "UTC"),
            currency=values.get("ECOM_CURRENCY") or "USD",
            made_up_events_dir=Path(values.get("ECOM_MADE_UP_EVENTS_DIR") or "made_up_events"),
            scratch_dir=Path(values.get("ECOM_SCRATCH_DIR") or tempfile.gettempdir()),
            memory_limit=values.get("ECOM_MEMORY_LIMIT", "2GB"),
            mart_engine=cast("MartEngine", mart_engine),
            schema_finder=cast("SchemaFinder", finder),
            mart_database=_database(values, "ECOM_MART_DATABASE"),
            spark_from_bytes=_bytes(values, "ECOM_SPARK_FROM_BYTES"),
            spark_command=values.get("ECOM_SPARK_COMMAND")
            or (LOCAL_SPARK if environment == "local" else None),
        )


def _choice(values: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    found = values.get(name) or default
    if found not in choices:
        raise SettingError(f"{name} is {found!r}; choose one of: {', '.join(choices)}")
    return found


def _database(values: Mapping[str, str], name: str) -> str | None:
    text = values.get(name)
    if not text:
        return None
    if not DATABASE_FORM.fullmatch(text):
        raise SettingError(
            f"{name} is {text!r}; wanted is a URL without a user, like"
            " 'postgresql://127.0.0.1:5432/postgres'"
        )
    return text


def _bytes(values: Mapping[str, str], name: str) -> int | None:
    text = values.get(name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not int(text):
        raise SettingError(f"{name} is {text!r}; wanted is a number of bytes like 4000000000")
    return int(text)


def _prefix(text: str) -> str:
    if not PREFIX_FORM.fullmatch(text):
        raise SettingError(
            f"ECOM_PREFIX is {text!r}; wanted are up to 16 lower-case letters, digits and hyphens,"
            " a letter first and a hyphen last, like 'ecom-'"
        )
    return text


def _time_zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise SettingError(
            f"ECOM_STORE_TIME_ZONE is {name!r}; wanted is an IANA name like 'Europe/Berlin'"
        )
    return ZoneInfo(name)
