"""The only reader of this function's environment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    alerts_table: str
    alert_rates_table: str
    alerts_topic_arn: str
    raw_events_stream: str
    alert_retention_days: int
    announced_alerts_per_minute: int
    known_rules: frozenset[str]
    failures_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        return cls(
            alerts_table=environment["ALERTS_TABLE"],
            alert_rates_table=environment["ALERT_RATES_TABLE"],
            alerts_topic_arn=environment["ALERTS_TOPIC_ARN"],
            raw_events_stream=environment["RAW_EVENTS_STREAM"],
            alert_retention_days=int(environment["ALERT_RETENTION_DAYS"]),
            announced_alerts_per_minute=int(environment["ANNOUNCED_ALERTS_PER_MINUTE"]),
            known_rules=frozenset(environment["KNOWN_RULES"].split(",")),
            failures_bucket=environment["FAILURES_BUCKET"],
        )
