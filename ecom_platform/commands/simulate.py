"""`python -m ecom_platform.commands.simulate`: plays a scenario, or event files from S3, on the
stream of raw events, re-stamped to now.

What does not belong here: who acts (`traffic`), pacing (`playing`), Kinesis (`event_stream`).
"""

import argparse
import gzip
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from botocore.exceptions import BotoCoreError, ClientError

from ecom_platform.resources.aws import kinesis_client, s3_client
from ecom_platform.settings import Settings
from ecom_platform.simulator.event_rows import EventRows, NotAnEventFileError
from ecom_platform.simulator.event_stream import EventStream, StreamError
from ecom_platform.simulator.play import Play, begun, play_of
from ecom_platform.simulator.player import LineSink, Player, Progress, Sink, stopped_by_signals
from ecom_platform.simulator.replay import Replay
from ecom_platform.simulator.scenario import Scenario, ScenarioError, read_scenario, shipped_names
from ecom_platform.simulator.truth import Truth
from ecom_platform.simulator.wire import SourceRow, wire_time
from ecom_platform.simulator.wire_dirt import WireDirt

INTERRUPTED = 130
LARGEST_SHARE = 0.5


class NoFilesError(ValueError):
    """No event file lies under what was asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 at the end, 130 after Ctrl-C, 1 after an error."""
    options = _parser().parse_args(arguments)
    settings = Settings.from_environment()
    skipped = EventRows()
    try:
        with stopped_by_signals() as stop:
            scenario = None if options.files else read_scenario(options.scenario)
            sink = _sink(options, settings)
            play = (
                _files(options, settings, skipped)
                if scenario is None
                else _scenario(options, scenario)
            )
            truth = Truth(play.actors, facts=play.facts)
            player = Player(
                sink=sink,
                stop=stop,
                progress=Progress(),
                noted=truth.note,
                is_paced=options.dry_run is None,
            )
            try:
                player.play(play.replay.records(play.rows))
            finally:
                _end(options, truth, player.progress, skipped, is_stopped=stop.is_set())
            return INTERRUPTED if stop.is_set() else 0
    except (ScenarioError, NotAnEventFileError, NoFilesError, StreamError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"error: AWS: {error}", file=sys.stderr)
    return 1


def _end(
    options: argparse.Namespace,
    truth: Truth,
    progress: Progress,
    skipped: EventRows,
    *,
    is_stopped: bool,
) -> None:
    """The truth and the count, whatever ended the play."""
    if options.truth is not None:
        truth.write(options.truth)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if skipped.skipped_count:
        print(f"{skipped.skipped_count:,} rows of the files are no events and were left out")
    counts = ", ".join(f"{n:,} {what}" for what, n in truth.content()["records"].items())
    print(
        f"{'stopped: ' if is_stopped else ''}sent {progress.sent_count:,} records"
        f" ({counts or 'none'}), {progress.sent_again_count:,} of them more than once"
    )


def _scenario(options: argparse.Namespace, scenario: Scenario) -> Play:
    if options.rate is not None:
        scenario = replace(scenario, people_rate=options.rate)
    if options.dirt is not None:
        scenario = replace(scenario, dirt=_dirt(options.dirt))
    return play_of(scenario, lambda: _replay(options), seed=options.seed)


def _files(options: argparse.Namespace, settings: Settings, rows: EventRows) -> Play:
    return Play(
        name=", ".join(options.files),
        seed=options.seed,
        # Before the replay is asked for, so that a start of now is now.
        rows=begun(_rows_in_bucket(options.files, settings, rows)),
        replay=replace(_replay(options), rate=options.rate, dirt=_dirt(options.dirt or 0.0)),
    )


def _replay(options: argparse.Namespace) -> Replay:
    start: datetime = options.start_at or datetime.now(UTC)
    start_ms = int(start.timestamp() * 1000)
    return Replay(
        start_ms=start_ms,
        replay_id=options.replay_id or wire_time(start_ms),
        speed=options.speed,
        key_salt=options.key_salt,
    )


def _dirt(share: float) -> WireDirt:
    return WireDirt(broken_share=share, duplicate_share=share, delayed_share=share)


def _rows_in_bucket(
    prefixes: Sequence[str], settings: Settings, rows: EventRows
) -> Iterator[SourceRow]:
    """The rows of every event file under the prefixes, by key."""
    client, bucket = s3_client(settings.producer_profile), settings.data_bucket
    for prefix in prefixes:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        keys = [key for key in keys if key.endswith((".csv", ".csv.gz"))]
        if not keys:
            raise NoFilesError(f"no .csv or .csv.gz under s3://{bucket}/{prefix}")
        for key in sorted(keys):
            body = client.get_object(Bucket=bucket, Key=key)["Body"]
            yield from rows.read(_lines(cast("IO[bytes]", body), key), name=key)


def _lines(body: IO[bytes], key: str) -> Iterator[str]:
    """Lines of an object while it arrives; a byte order mark is no part of the first."""
    raw = gzip.GzipFile(fileobj=body) if key.endswith(".gz") else body
    text = io.TextIOWrapper(cast("IO[bytes]", raw), "utf-8-sig", errors="replace", newline="")
    yield from text


def _sink(options: argparse.Namespace, settings: Settings) -> Sink:
    if options.dry_run is None:
        client = kinesis_client(settings.producer_profile)
        return EventStream(client=client, name=settings.raw_events_stream)
    options.dry_run.write_bytes(b"")
    return LineSink(options.dry_run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ecom_platform.commands.simulate", description=__doc__
    )
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--scenario",
        default="demo",
        help=f"a YAML file, or one of: {', '.join(shipped_names())} (default: demo)",
    )
    what.add_argument(
        "--files", nargs="+", metavar="KEY", help="event files in the data bucket, or their prefix"
    )
    add("--rate", type=_positive, help="files: events a second; scenario: those of the people")
    add("--speed", type=_positive, default=1.0, help="how many times faster than it happened")
    add("--seed", type=int, default=7, help="the same seed gives the same traffic")
    add("--start-at", type=_moment, help="event time of the start (default: now)")
    add("--replay-id", help="part of every event id (default: the start)")
    add("--key-salt", type=_count, default=1, help="partition keys a category (default: 1)")
    add("--dirt", type=_share, help="share of events broken, sent twice, and delayed")
    add("--truth", type=Path, help="file for who acted and when, as JSON")
    add("--dry-run", type=Path, metavar="FILE", help="write lines of JSON at once, send nothing")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= LARGEST_SHARE:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {LARGEST_SHARE}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no time, as 2026-01-05T12:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
