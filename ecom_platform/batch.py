"""The one orchestrator without a daemon: what the sensors do, one after the other, in this process.

What does not belong here: what the assets do (`defs`), and what is printed (`commands`).
"""

import json
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg
import psutil

from ecom_platform.contracts import TABLES, marts
from ecom_platform.contracts.buyer_marts import PRODUCT_AFFINITY
from ecom_platform.contracts.lake import DAY_TABLES, EVENTS, FILE_TABLES, HOUR_TABLES
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.definitions import Resources, definitions_on
from ecom_platform.defs.partitions import ARRIVED_HOURS, EVENT_FILES, adjacent, islands, span_tags
from ecom_platform.lake.event_files import HOW_TO_DELIVER
from ecom_platform.lake.shown_text import shown
from ecom_platform.marts.reach import levels
from ecom_platform.pipeline.days import row_counts_by_day, stale_plans
from ecom_platform.pipeline.file_verdicts import (
    FileVerdict,
    read_files,
    standing_verdicts,
    waiting_files,
)
from ecom_platform.pipeline.hours import list_hours, unstaged_hours
from ecom_platform.pipeline.marts import stale_days
from ecom_platform.pipeline.verdicts import stale_verdict_days
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore
from ecom_platform.settings import Settings

CATALOG = [("catalog", table.name) for table in TABLES.values()]
MART_LEVELS = levels(marts.TABLES)
ALL_OF_A_DAY = [table.key for table in (*DAY_TABLES, BOT_VERDICTS, *marts.TABLES)]
DAYS_TOGETHER = 7
"""So many new days are built from the lake to the last mart in one run, which costs as much as some
of them; of more the progress is told, table by table.
"""

FILES_A_RUN = 500
"""Small files that one run stages: a run costs as much as reading some of them."""
PROCESS_TAG = "ecom/process"
"""Process id of a run that a command works on itself."""
GRPC_TAG = ".dagster/grpc_info"
"""Where the code server listens that a run's process belongs to; Dagster's own tag."""

AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


class RunFailedError(RuntimeError):
    """A Dagster run failed; the message is that of its step."""


@dataclass(frozen=True)
class Batch:
    """The platform in this process, on the Dagster instance that the web UI shows."""

    resources: Resources
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    say: Callable[[str], None] = print

    @classmethod
    def of(
        cls, settings: Settings, instance: dg.DagsterInstance, say: Callable[[str], None] = print
    ) -> "Batch":
        resources = Resources.of(settings)
        return cls(resources, definitions_on(resources), instance, say)

    @property
    def tables(self) -> TableStore:
        return self.resources.tables

    @property
    def engine(self) -> QueryEngine:
        return self.resources.engine

    def prepare_catalog(self) -> None:
        """Make the Glue tables what the contracts say."""
        self.run("catalog", CATALOG)

    def has_catalog(self) -> bool:
        """Whether Dagster knows of every Glue table; the web UI asks for those that it does not."""
        keys = [dg.AssetKey(key) for key in CATALOG]
        return all(self.instance.get_latest_materialization_event(key) for key in keys)

    def take_in(self) -> list[str]:
        """Read the files that are not staged yet; returns the ids of those that were read now.

        Raises:
            RunFailedError: some file met an error that nobody foresaw; the others are staged.

        """
        self.run("raw files", [("raw", "event_files")])
        listing = self.tables.objects.exports()
        for key in listing.ignored:
            self.say(f"  ignored {shown(key, 200)}: {HOW_TO_DELIVER}")
        waiting = waiting_files(listing.files, read_files(self.tables))
        return self.stage([file.file_id for file in waiting])

    def take_in_stream(self) -> list[str]:
        """Read the hours of the stream's archive that grew; returns them."""
        grown = [found.hour for found in unstaged_hours(self.tables, list_hours(self.tables))]
        self.instance.add_dynamic_partitions(ARRIVED_HOURS.name or "", grown)
        for hour in grown:
            what = f"the stream's archive, {hour}"
            self.run(what, [table.key for table in HOUR_TABLES], partition=hour)
        return grown

    def stage(self, file_ids: Sequence[str]) -> list[str]:
        """Read files, also such as were read before; many small ones go together."""
        order = self.instance.get_dynamic_partitions(EVENT_FILES.name or "")
        failures = []
        place = 0
        for names in adjacent(file_ids, order, FILES_A_RUN):
            what = f"files {place + 1} to {place + len(names)} of {len(file_ids)}"
            place += len(names)
            if len(names) == 1:
                what = f"file {place} of {len(file_ids)}, {names[0]}"
            try:
                self.run(what, [table.key for table in FILE_TABLES], span=(names[0], names[-1]))
            except RunFailedError as error:
                failures.append(f"{what}: {error}")
        if failures:
            raise RunFailedError("\n".join(failures))
        return list(file_ids)

    def rebuild(self) -> list[date]:
        """Build whatever is not built from what is there now; returns the days of the lake."""
        changed = [plan.day for plan in stale_plans(self.tables)]
        new = self._new_among(changed)
        at_once = new if len(new) <= DAYS_TOGETHER else []
        self._run_days(ALL_OF_A_DAY, at_once)
        apart = [day for day in changed if day not in at_once]
        self._run_days([table.key for table in DAY_TABLES], apart)
        self._run_days([BOT_VERDICTS.key], stale_verdict_days(self.tables))
        # A run costs as much as some days of a mart; what was built changes what is stale.
        for together in MART_LEVELS:
            stale: dict[tuple[date, ...], list[tuple[str, str]]] = {}
            for mart in together:
                stale.setdefault(tuple(stale_days(mart, self.tables)), []).append(mart.key)
            for days, keys in stale.items():
                self._run_days(keys, days)
        return changed

    def _new_among(self, days: Sequence[date]) -> list[date]:
        """Those of some days that the lake has nothing of yet: no table of theirs is up to date."""
        known = {part.values[0] for part in self.tables.catalog.partitions(EVENTS)}
        return [day for day in days if str(day) not in known]

    def serve(self) -> None:
        """Put what goes with each product where the stream's functions look it up."""
        if any(part.row_count for part in self.tables.catalog.partitions(PRODUCT_AFFINITY)):
            self.run("what goes with a product", [("streaming", "product_affinity")])

    def data_days(self) -> list[date]:
        """Days that have events now."""
        return [day for day, row_count in self.day_rows().items() if row_count]

    def day_rows(self) -> dict[date, int]:
        """How many events each day has now."""
        return row_counts_by_day(self.tables)

    def verdicts(self) -> list[FileVerdict]:
        """What was said of each file that counts; see `standing_verdicts`."""
        return standing_verdicts(self.tables)

    def _run_days(self, keys: Sequence[tuple[str, str]], days: Sequence[date]) -> None:
        name = keys[0][1] if len(keys) == 1 else f"{keys[0][1]} and {len(keys) - 1} more"
        for first, last in islands(days):
            self.run(f"{name}, {first} to {last}", keys, span=(str(first), str(last)))

    def run(
        self,
        what: str,
        keys: Sequence[tuple[str, str]],
        *,
        partition: str | None = None,
        span: tuple[str, str] | None = None,
    ) -> None:
        """Run some assets in this process.

        Raises:
            RunFailedError: a step failed.

        """
        started = time.monotonic()
        job = self.definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            asset_selection=[dg.AssetKey(key) for key in keys],
            partition_key=partition,
            tags={PROCESS_TAG: str(os.getpid()), **(span_tags(span) if span else {})},
            instance=self.instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
        if not result.success:
            raise RunFailedError(_cause(result))
        self.say(f"  {what}: {time.monotonic() - started:.1f} s")


def _cause(result: dg.ExecuteInProcessResult) -> str:
    failures = [event for event in result.all_node_events if event.is_step_failure]
    if not failures:
        return "the run failed before its first step; see the run in the web UI"
    data = failures[0].step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return data.error.to_string() if data.error else (failures[0].message or "no message")


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone; returns their ids. Dagster tries them again.

    Dagster sees a run's process end while its own processes live. When they end together, by a kill
    or a power cut, the run stays "started", and its pools stay taken.
    """
    runs = instance.get_runs(dg.RunsFilter(statuses=AT_WORK))
    dead = [run for run in runs if _is_dead(run)]
    for run in dead:
        instance.report_run_failed(run, "The process of this run is gone.")
    return [run.run_id for run in dead]


def _is_dead(run: dg.DagsterRun) -> bool:
    if process := run.tags.get(PROCESS_TAG):
        return not psutil.pid_exists(int(process))
    if place := run.tags.get(GRPC_TAG):
        return not _listens(json.loads(place)["socket"])
    return False


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0
