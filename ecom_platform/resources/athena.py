"""Athena, for marts that one machine is too small for: it computes, and DuckDB checks its answer.

What does not belong here: the SQL (`marts.portable`), and publishing (`table_store`).
"""

import time
from dataclasses import dataclass
from typing import Any

import dagster as dg

from ecom_platform.resources.aws import CLIENTS
from ecom_platform.tables.literals import literal

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
USD_PER_TERABYTE = 5.0
"""Scanned, in us-east-1, from memory."""
LEAST_BYTES = 10_000_000
"""Athena charges at least so much a query."""


class AthenaQueryError(RuntimeError):
    """A query failed; the message carries Athena's reason."""


class AthenaBusyError(RuntimeError):
    """A query failed for a reason that passes, says Athena."""


@dataclass(frozen=True)
class Unloaded:
    """What a query cost that succeeded.

    Attributes:
        query_id: of Athena, under which its console shows the query.
        scanned_bytes: what it read.
        seconds: from start to end, waiting included.

    """

    query_id: str
    scanned_bytes: int
    seconds: float

    @property
    def usd(self) -> float:
        return max(self.scanned_bytes, LEAST_BYTES) / 1e12 * USD_PER_TERABYTE


class Athena(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A work group, which limits what a query may scan and says where results lie."""

    work_group: str
    database_prefix: str
    profile: str | None = None

    @property
    def client(self) -> Any:  # noqa: ANN401 - three calls are used of it
        return CLIENTS.client(self.profile, "athena")

    def unload(self, select: str, place: str) -> Unloaded:
        """Write the rows of a query as Parquet.

        Args:
            select: a query over tables of the catalog.
            place: a prefix `s3://…/` under which nothing lies.

        Raises:
            AthenaBusyError: it failed, and may succeed when it is run again.
            AthenaQueryError: it failed for good, or scanned more than the work group allows.

        """
        found = self._run(
            f"UNLOAD ({select}) TO {literal(place)} WITH (format = 'PARQUET', compression = 'ZSTD')"
        )
        status = found["Status"]
        if status["State"] != "SUCCEEDED":
            is_passing = status.get("AthenaError", {}).get("Retryable", False)
            raise (AthenaBusyError if is_passing else AthenaQueryError)(
                f"Athena query {found['QueryExecutionId']} in work group {self.work_group}:"
                f" {status.get('StateChangeReason', status['State'])}"
            )
        statistics = found.get("Statistics", {})
        return Unloaded(
            query_id=found["QueryExecutionId"],
            scanned_bytes=statistics.get("DataScannedInBytes", 0),
            seconds=statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
        )

    def _run(self, statement: str) -> dict[str, Any]:
        """Run a query to its end; an error or Ctrl-C here ends the query too."""
        query_id = self.client.start_query_execution(
            QueryString=statement,
            QueryExecutionContext={"Database": f"{self.database_prefix}marts"},
            WorkGroup=self.work_group,
        )["QueryExecutionId"]
        pause, is_ended = FIRST_PAUSE_SECONDS, False
        try:
            while True:
                answer = self.client.get_query_execution(QueryExecutionId=query_id)
                found: dict[str, Any] = answer["QueryExecution"]
                is_ended = found["Status"]["State"] in ENDED
                if is_ended:
                    return found
                time.sleep(pause)
                pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)
        finally:
            if not is_ended:
                self.client.stop_query_execution(QueryExecutionId=query_id)
