"""The only reader of this function's environment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    sessions_table: str
    session_retention_days: int
    failures_bucket: str
    indexes_all: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        return cls(
            sessions_table=environment["SESSIONS_TABLE"],
            session_retention_days=int(environment["SESSION_RETENTION_DAYS"]),
            failures_bucket=environment["FAILURES_BUCKET"],
            indexes_all=environment.get("INDEXED_SESSIONS", "all") == "all",
        )
