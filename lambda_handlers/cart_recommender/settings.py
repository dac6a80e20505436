"""The only reader of this function's environment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    quiet_carts_table: str
    product_affinity_table: str
    alerts_table: str
    quiet_carts_topic_arn: str
    latest_seconds: int
    retention_days: int
    failures_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        return cls(
            quiet_carts_table=environment["QUIET_CARTS_TABLE"],
            product_affinity_table=environment["PRODUCT_AFFINITY_TABLE"],
            alerts_table=environment["ALERTS_TABLE"],
            quiet_carts_topic_arn=environment["QUIET_CARTS_TOPIC_ARN"],
            latest_seconds=int(environment["LATEST_SECONDS"]),
            retention_days=int(environment["RETENTION_DAYS"]),
            failures_bucket=environment["FAILURES_BUCKET"],
        )
