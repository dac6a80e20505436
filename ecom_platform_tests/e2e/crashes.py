"""`python -m ecom_platform_tests.e2e.crashes`: kill parts of the platform as it rebuilds 30 days.

Days are built as version A. Then corrected files arrive under the same keys, and while `make up`
rebuilds everything as version B, something is killed with SIGKILL. A reader reads all the time. In
the end the tables must be those of a calm run, by themselves or after one `build`.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from ecom_platform.batch import Batch
from ecom_platform.commands.deliver import deliver
from ecom_platform.contracts import Table
from ecom_platform.settings import Settings
from ecom_platform.traffic import __main__ as traffic
from ecom_platform_tests.e2e.shown_tables import (
    READ,
    Days,
    Reads,
    Tables,
    all_tables,
    catalog_differences,
    days_shown,
    differences,
    reading,
    stale,
)
from ecom_platform_tests.support.installation import (
    STOP_SECONDS,
    Installation,
    unfinished_runs,
)
from ecom_platform_tests.support.processes import kill
from ecom_platform_tests.support.waiting import wait_until

FIRST_DAY, LAST_DAY = "2026-01-05", "2026-02-03"
SEEDS_OF_TRAFFIC = {"A": 3, "B": 4}

REBUILD_SECONDS = 300
LONGEST_SECONDS = 1800
"""A busy machine may take so long; what matters is whether anything goes on."""
LAST_PROGRESS = 0.95
"""Share of the objects after which little is left to be killed."""
QUIET_SECONDS = 60
"""Without any run for so long and still not complete: it does not complete by itself."""

Victim = Literal["run", "daemon", "tree", "cloud", "front"]
"""The run's process (its step runs in it), the daemon, all of Dagster; or, with a signal that lets
it end in order, the local cloud, or `make up`."""


@dataclass(frozen=True)
class Moment:
    """What is killed, how far the rebuild is by then (share of its objects), and a short delay."""

    victim: Victim
    progress: float
    delay_seconds: float

    def __str__(self) -> str:
        return f"{self.victim} at {self.progress:.2f} + {self.delay_seconds:.2f} s"


@dataclass(frozen=True)
class Expected:
    """What a calm rebuild gives.

    Attributes:
        versions: of each table that is read all the time, the days of A and of B.
        tables: every row of `lake/events` and of all marts as version B.
        objects: how many objects the rebuild puts.

    """

    versions: dict[Table, tuple[Days, Days]]
    tables: Tables
    objects: int


@dataclass
class Report:
    """What became of one rebuild."""

    moments: Sequence[Moment]
    seconds: float = 0.0
    restarts: int = 0
    was_built_by_hand: bool = False
    reads: Reads = field(default_factory=Reads)
    missed: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not [*self.missed, *self.reads.torn, *self.differing] and self.reads.count > 0

    def __str__(self) -> str:
        how = "by one build" if self.was_built_by_hand else "by itself"
        what = "; ".join(str(moment) for moment in self.moments)
        faults = [*self.missed, *self.reads.torn[:3], *self.differing] or [
            "every read whole, tables as in a calm run"
        ]
        return (
            f"{what}: complete {how} after {self.seconds:.0f} s, {self.restarts} restarts,"
            f" {self.reads.count} reads: {'; '.join(faults)}"
        )


@dataclass
class Theatre:
    """A folder with files A and B, and an installation that holds A, kept to start from."""

    folder: Path
    installation: Installation
    expected: Expected

    @classmethod
    def build(cls, folder: Path, events_per_day: int) -> "Theatre":
        """Build A, keep it, build B in calm, and go back to A."""
        for name, seed in SEEDS_OF_TRAFFIC.items():
            make_files(folder / name, seed, events_per_day)
        installation = Installation(folder / "state")
        with installation.entered():
            with installation.cloud_up():
                batch = installation.batch()
                take_in(installation, folder / "A")
                before = {table: days_shown(batch, table) for table in READ}
                old = count_objects(installation)
            shutil.copytree(installation.state, folder / "kept")
            with installation.cloud_up():
                batch = installation.batch()
                take_in(installation, folder / "B")
                after = {table: days_shown(batch, table) for table in READ}
                versions = {table: (before[table], after[table]) for table in READ}
                objects = count_objects(installation) - old
                expected = Expected(versions, all_tables(batch), objects)
        return cls(folder, installation, expected)

    def rehearse(self, moments: Sequence[Moment]) -> Report:
        """Rebuild once, with something killed at each of the moments."""
        shutil.rmtree(self.installation.state)
        shutil.copytree(self.folder / "kept", self.installation.state)
        report = Report(moments)
        with self.installation.entered(), self.installation.cloud_up():
            batch = self.installation.batch()
            old = count_objects(self.installation)
            self.installation.start_up()
            try:
                with reading(
                    self.installation.batch(),
                    self.expected.versions,
                    self.installation.cloud.is_healthy,
                ) as report.reads:
                    started = time.monotonic()
                    deliver(event_files(self.folder / "B"), Settings.from_environment())
                    for moment in moments:
                        self._strike(moment, old, report)
                    report.was_built_by_hand = not self._completes(batch)
                    if report.was_built_by_hand:
                        self.installation.build()
                    report.seconds = time.monotonic() - started
            finally:
                self.installation.stop_up()
            report.differing = differences(self.expected.tables, all_tables(batch))
            report.differing += [f"{name} is still stale" for name in stale(batch)]
            report.differing += catalog_differences(batch)
        return report

    def _strike(self, moment: Moment, old: int, report: Report) -> None:
        goal = old + int(moment.progress * self.expected.objects)
        try:
            wait_until(
                lambda: count_objects(self.installation) >= goal,
                REBUILD_SECONDS,
                f"{goal} objects",
                pause=0.02,
            )
            time.sleep(moment.delay_seconds)
            strike(self.installation, moment.victim)
        except TimeoutError as error:
            report.missed.append(f"{moment} hit nothing: {error}")
        time.sleep(2)
        if moment.victim in ("daemon", "tree") and self.installation.front:
            self.installation.front.wait(STOP_SECONDS)
        if not self.installation.is_up():
            report.restarts += 1
            self.installation.stop_up()
            self.installation.start_up()

    def _completes(self, batch: Batch) -> bool:
        """Wait until nothing is left to do; false if nothing goes on although something is."""
        deadline = time.monotonic() + LONGEST_SECONDS
        last_busy, objects = time.monotonic(), 0
        while time.monotonic() < deadline:
            counted = count_objects(self.installation)
            is_busy = bool(unfinished_runs(batch)) or counted != objects
            objects = counted
            if not is_busy and not stale(batch):
                return True
            if is_busy:
                last_busy = time.monotonic()
            elif time.monotonic() - last_busy > QUIET_SECONDS:
                return False
            time.sleep(2)
        return False


def make_files(folder: Path, seed: int, events_per_day: int) -> None:
    """Thirty days of clean traffic in two files."""
    traffic.main(
        ["generate", f"--out={folder}", f"--start={FIRST_DAY}", f"--end={LAST_DAY}"]
        + [f"--events-per-day={events_per_day}", "--dirt=0", f"--seed={seed}"]
        + ["--days-per-file=15"]
    )


def event_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.csv"))


def take_in(installation: Installation, folder: Path) -> None:
    deliver(event_files(folder), Settings.from_environment())
    installation.build()


def count_objects(installation: Installation) -> int:
    """Objects of tables, counted on the local cloud's disk: a listing would slow it down."""
    return sum(
        1
        for layer in ("raw", "lake", "marts")
        for path in (installation.cloud.directory / "s3").glob(f"*/*/{layer}/**/*")
        if path.suffix in {".json", ".parquet"} and not path.name.endswith(".meta.json")
    )


def strike(installation: Installation, victim: Victim) -> None:
    """Kill a part of the platform, where it is at work now or as soon as it is."""
    if victim == "cloud":
        installation.cloud.stop()
        time.sleep(5)
        installation.cloud.start()
        return
    if victim == "front":
        installation.stop_up()
        return
    words = {"run": "multiprocessing.spawn", "daemon": "dagster._daemon", "tree": ""}
    wait_until(lambda: bool(installation.processes(words[victim])), 60, f"a {victim}", 0.02)
    kill(installation.processes(words[victim]))


def seeded_moments(count: int, seed: int, victims: Sequence[Victim]) -> list[Moment]:
    """Moments spread over the whole rebuild, one in each part of it, in an order of their own."""
    chosen = random.Random(seed)
    order = [victims[place % len(victims)] for place in range(count)]
    chosen.shuffle(order)
    return [
        Moment(victim, LAST_PROGRESS * (place + chosen.random()) / count, 1.5 * chosen.random())
        for place, victim in enumerate(order)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="ecom_platform_tests.e2e.crashes", description=__doc__)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--together", type=int, default=1, help="moments in one rebuild")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--events-per-day", type=int, default=2000)
    parser.add_argument("--victims", nargs="+", choices=get_args(Victim))
    options = parser.parse_args()
    victims = options.victims or ["run", "daemon", "tree"]
    moments = seeded_moments(options.moments, options.seed, victims)
    reports = []
    with tempfile.TemporaryDirectory(prefix="ecom-crashes-") as folder:
        theatre = Theatre.build(Path(folder), options.events_per_day)
        for place in range(0, len(moments), options.together):
            reports.append(theatre.rehearse(moments[place : place + options.together]))
            print(reports[-1], flush=True)
    if not all(report.is_good for report in reports):
        sys.exit("error: at some moment a day was torn, or the tables differ")


if __name__ == "__main__":
    main()
