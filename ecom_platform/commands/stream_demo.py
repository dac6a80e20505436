"""The stream's part of the demo: a minute of traffic, who was caught in it, and where events went.

What does not belong here: the batch answers (`demo`), and how traffic is made (`traffic`).
"""

import json
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from rich.console import Console
from rich.table import Table as Grid

from ecom_platform.batch import Batch
from ecom_platform.commands.answers import print_bot_impact
from ecom_platform.contracts import Table
from ecom_platform.contracts.lake import EVENTS, STAGED_STREAM_EVENTS
from ecom_platform.resources.aws import kinesis_client
from ecom_platform.settings import Settings
from ecom_platform.simulator.event_stream import EventStream
from ecom_platform.simulator.play import Play, play_of, replay_from_now
from ecom_platform.simulator.player import Player, Progress
from ecom_platform.simulator.replay import Record
from ecom_platform.simulator.scenario import Scenario, read_scenario
from ecom_platform.simulator.truth import Truth
from ecom_platform.streaming.alerts import Alert, seconds_between, wire_time
from ecom_platform.tables.commits import PublishedPartition

SCENARIO = "demo"
BUSY_STATES = ("RUNNING", "STARTING", "UNREACHABLE")
"""A job that cannot be asked for a moment may only be busy."""
SEED = 7
LONGEST_SECONDS = 600
"""For each thing that is waited for. It comes in seconds; a busy machine takes its time."""
TOLD_EVERY_SECONDS = 15
SETTLED_SECONDS = 8
"""After event time has passed: a batch of the recorder, its call, and the table's index."""
PAUSE_SECONDS = 0.5


class StreamDemoError(RuntimeError):
    """The stream does not do what it should; the message says what, and where to look."""


@dataclass(frozen=True)
class Catch:
    """One actor beside the people, and the alert that names him first, if any does."""

    actor: str
    is_attack: bool
    event_count: int
    alert: Alert | None
    seconds: float | None

    @property
    def is_right(self) -> bool:
        return self.is_attack == (self.alert is not None)


@dataclass(frozen=True)
class StreamDemo:
    """A minute of traffic on the stream of an installation."""

    batch: Batch
    settings: Settings
    console: Console

    def run(self) -> None:
        """Play, print who was caught and that nobody else was, and take the events into the lake.

        Raises:
            StreamDemoError: Flink does not run, an attacker was missed though his events were in
                time, somebody else was named, or an event is missing in the lake.

        """
        self._wait("the Flink job", self._is_job_running)
        started = datetime.now(UTC)
        play = play_of(fresh(read_scenario(SCENARIO), started), replay_from_now, seed=SEED)
        # The machine has little to do in that minute.
        with ThreadPoolExecutor(1) as pool:
            serving = pool.submit(self.batch.serve)
            truth, event_ids = self._play(play)
            serving.result()
        last_event = datetime.now(UTC)
        self._wait("event time to pass", lambda: self._has_passed(last_event))
        passed = time.monotonic()
        self._take_in(event_ids, started.date())
        time.sleep(max(0.0, passed + SETTLED_SECONDS - time.monotonic()))
        alerts = self._alerts(started)
        catches = catches_of(truth, alerts)
        others = strangers(play, alerts)
        self._print(catches, others)
        print_bot_impact(
            self.batch.tables,
            self.batch.engine,
            started.date(),
            self.console,
            self.settings.currency,
        )
        self._require_right(catches, others)

    def _require_right(self, catches: Sequence[Catch], others: Sequence[Alert]) -> None:
        """An attacker may be missed only where his events came too late for any rule."""
        wrong = [found.actor for found in catches if not found.is_right]
        if not wrong and not others:
            return
        late = f"{self.settings.prefix}late-events"
        streams = self.batch.resources.stream_metrics.health([late], datetime.now(UTC))
        late_count = streams[late].incoming_record_count
        if late_count and not others and all(not one.alert for one in catches if not one.is_right):
            self.console.print(
                f"[yellow]missed: {', '.join(wrong)}; {late_count} events came too late, because"
                " the machine is busy. They are in the stream of late events and in the"
                " lake.[/yellow]"
            )
            return
        raise StreamDemoError(
            f"not as it should be: {', '.join(wrong + [a.entity for a in others])};"
            " see the alerts with `make up`, and .local/flink/flink.log"
        )

    def _is_job_running(self) -> bool:
        return self.batch.resources.flink_job.health(datetime.now(UTC)).state == "RUNNING"

    def _has_passed(self, moment: datetime) -> bool:
        """Whether Flink has done with all that happened until a moment, and functions have too."""
        now = datetime.now(UTC)
        health = self.batch.resources.flink_job.health(now)
        if health.state not in BUSY_STATES:
            raise StreamDemoError(f"the Flink job is {health.state}; see .local/flink/flink.log")
        lag = health.watermark_lag_seconds
        if lag is None or now - timedelta(seconds=lag) < moment:
            return False
        detections = f"{self.settings.prefix}detections"
        streams = self.batch.resources.stream_metrics.health([detections], now)
        return not streams[detections].iterator_age_seconds

    def _wait(self, what: str, is_there: Callable[[], bool]) -> None:
        """Wait for something, and say so while it takes its time.

        Raises:
            StreamDemoError: it did not come in ten minutes.

        """
        began = told = time.monotonic()
        while not is_there():
            now = time.monotonic()
            if now - began > LONGEST_SECONDS:
                raise StreamDemoError(
                    f"waited {LONGEST_SECONDS} s for {what}; see .local/flink/flink.log"
                )
            if now - told > TOLD_EVERY_SECONDS:
                told = now
                self.console.print(f"  still waiting for {what}, {now - began:.0f} s …")
            time.sleep(PAUSE_SECONDS)
        self.console.print(f"  {what}: {time.monotonic() - began:.1f} s")

    def _play(self, play: Play) -> tuple[Truth, set[str]]:
        """Play to the end; the truth about it, and the ids of the events that the stream took."""
        truth = Truth(play.actors, facts=play.facts)
        event_ids: set[str] = set()

        def note(records: Sequence[Record]) -> None:
            truth.note(records)
            event_ids.update(json.loads(record.data)["event_id"] for record in records)

        client = kinesis_client(self.settings.producer_profile)
        self.console.print("a minute of traffic on the stream, in real time:")
        progress = Progress()
        Player(
            sink=EventStream(client=client, name=self.settings.raw_events_stream),
            stop=threading.Event(),
            progress=progress,
            noted=note,
            is_live=True,
        ).play(play.replay.records(play.rows))
        if progress.longest_lag > 1:
            self.console.print(
                f"  the machine is busy: sending fell {progress.longest_lag:.1f} s behind"
            )
        return truth, event_ids

    def _alerts(self, started: datetime) -> list[Alert]:
        """Every alert that opened since."""
        changed = self.batch.resources.alert_log.changed(started, datetime.now(UTC))
        return [alert for alert in changed if alert.opened_at >= wire_time(started)]

    def _print(self, catches: Sequence[Catch], others: Sequence[Alert]) -> None:
        grid = Grid(title="5. Who was caught on the stream", title_justify="left")
        for name in ("who", "events", "caught by", "after its first event", "after crossing"):
            grid.add_column(name, justify="right" if "after" in name else "left")
        for found in catches:
            alert = found.alert
            grid.add_row(
                found.actor,
                str(found.event_count),
                alert.rule if alert else ("MISSED" if found.is_attack else "nobody, rightly"),
                f"{found.seconds:.1f} s" if found.seconds is not None else "-",
                f"{alert.seconds_to_record:.1f} s" if alert else "-",
            )
        self.console.print(grid)
        named = ", ".join(f"{alert.entity} by {alert.rule}" for alert in others)
        self.console.print(f"nobody else was named{'' if not named else f', but: {named}'}")

    def _take_in(self, event_ids: set[str], day: date) -> None:
        """Wait for the archive, build today, and look for every event that was sent.

        Raises:
            StreamDemoError: one is missing.

        """
        what = f"{len(event_ids):,} events in lake/events, as many as were sent"

        def is_archived() -> bool:
            self.batch.take_in_stream()
            parts = self.batch.tables.catalog.partitions(STAGED_STREAM_EVENTS)
            return self._in(STAGED_STREAM_EVENTS, parts, event_ids) == len(event_ids)

        # Built once, when all is there: a build takes as long as the archive.
        self._wait("the archive", is_archived)
        self.batch.rebuild()
        # A play may run over midnight.
        parts = self.batch.tables.locations(EVENTS, day, day + timedelta(days=1))
        if self._in(EVENTS, parts, event_ids) < len(event_ids):
            raise StreamDemoError(f"there should be {what}, and some are missing")
        self.console.print(f"  {what}")

    def _in(
        self, table: Table, parts: Sequence[PublishedPartition], event_ids: Collection[str]
    ) -> int:
        """How many of these events are in some partitions of a table."""
        with self.batch.engine.lake_workspace() as (connection, _):
            self.batch.engine.show(connection, {table: parts})
            sql = f"select count(distinct event_id) from {table.layer}.{table.name}"
            found = connection.execute(f"{sql} where event_id in ?", [list(event_ids)])
            return int(found.fetchall()[0][0])


def fresh(scenario: Scenario, started: datetime) -> Scenario:
    """The same scenario with actors that nobody has seen: an episode of a demo before goes on."""
    suffix = f"{started:%H%M%S}"
    return replace(
        scenario,
        parts=tuple(
            replace(cast, part=replace(cast.part, name=f"{cast.part.name}-{suffix}"))
            for cast in scenario.parts
        ),
    )


def catches_of(truth: Truth, alerts: Sequence[Alert]) -> list[Catch]:
    """What became of each actor of a play."""
    found = []
    for actor in truth.content()["actors"]:
        entities = {f"user#{user}" for user in actor["user_ids"]}
        own = sorted(
            (a for a in alerts if a.entity in entities), key=lambda alert: alert.recorded_at
        )
        first = own[0] if own else None
        found.append(
            Catch(
                actor=actor["family"],
                is_attack=actor["is_attack"],
                event_count=actor["event_count"],
                alert=first,
                seconds=seconds_between(actor["first_event_at"], first.recorded_at)
                if first
                else None,
            )
        )
    return found


def strangers(play: Play, alerts: Sequence[Alert]) -> list[Alert]:
    """Alerts about anybody who is no actor of the play: people, or the site as a whole."""
    actors = {f"user#{user}" for actor in play.actors for user in actor.user_ids}
    return [alert for alert in alerts if alert.entity not in actors]
