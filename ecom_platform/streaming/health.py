"""What is known of the stream and of the Flink job at a moment, and what is wrong with it.

What does not belong here: where the figures come from (`resources`), and who is told (`defs`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Severity = Literal["error", "warning"]
Health = TypeVar("Health")

READ_WITHIN_SECONDS = 60.0
"""The same bound as that of the alarm on lag (`infra/observability.yaml`)."""
SILENT_SECONDS = 600.0
"""Longer than the shop's quietest pause at night; the same as the alarm's `SilentMinutes`."""
CHECKPOINT_SECONDS = 120.0
"""Checkpoints are made every 5 s here and every 10 s on AWS."""
WATERMARK_SECONDS = 60.0
CANARY_SECONDS = 600.0
"""Two bursts of the canary, and the time that an alert takes; the alarm's own bound."""


@dataclass(frozen=True)
class StreamHealth:
    """A Kinesis stream.

    Attributes:
        stream: its name.
        window_seconds: over which the figures are.
        incoming_record_count: records that were put in that time.
        silent_seconds: since the last minute with a record; none if there was none in the window.
        iterator_age_seconds: how long the oldest record that is not read yet has waited, at most;
            none where nobody read.

    """

    stream: str
    window_seconds: float
    incoming_record_count: int
    silent_seconds: float | None
    iterator_age_seconds: float | None

    @property
    def records_per_second(self) -> float:
        return self.incoming_record_count / self.window_seconds


@dataclass(frozen=True)
class JobHealth:
    """The Flink job.

    Attributes:
        state: as the engine says, `RUNNING` where all is well.
        restart_count: since the job was started.
        checkpoint_age_seconds: since the last completed checkpoint; none before the first.
        failed_checkpoint_count: since the job was started.
        watermark_lag_seconds: how far the job's event time is behind the clock; none before the
            first event.
        detail: what the engine says of a failure.

    """

    state: str
    restart_count: int | None = None
    checkpoint_age_seconds: float | None = None
    failed_checkpoint_count: int | None = None
    watermark_lag_seconds: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class AlertHealth:
    """Whether an attack would become an alert.

    Attributes:
        canary_age_seconds: since the canary was last found; none if it never was.

    """

    canary_age_seconds: float | None


@dataclass(frozen=True)
class Finding:
    """What became of one check; `message` says the figure, and what it is held against."""

    check: str
    passed: bool
    severity: Severity
    message: str


@dataclass(frozen=True)
class HealthCheck(Generic[Health]):
    """A question about health: its name, what it asks for, and how it is judged."""

    name: str
    severity: Severity
    description: str
    judge: Callable[[Health], tuple[bool, str]]


def _is_read_in_time(health: StreamHealth) -> tuple[bool, str]:
    age = health.iterator_age_seconds
    if age is None:
        return health.incoming_record_count == 0, "nobody reads the stream"
    return age <= READ_WITHIN_SECONDS, f"the oldest unread record has waited {age:.1f} s"


def _is_not_silent(health: StreamHealth) -> tuple[bool, str]:
    silent = health.silent_seconds
    if silent is None:
        return False, f"no record in the last {health.window_seconds:.0f} s"
    return silent <= SILENT_SECONDS, f"the last record came {silent:.0f} s ago"


def _is_running(health: JobHealth) -> tuple[bool, str]:
    return health.state == "RUNNING", f"the job is {health.state} {health.detail}".rstrip()


def _completes_checkpoints(health: JobHealth) -> tuple[bool, str]:
    age = health.checkpoint_age_seconds
    failed = health.failed_checkpoint_count or 0
    if age is None:
        return False, f"no checkpoint was completed yet, {failed} failed"
    return age <= CHECKPOINT_SECONDS, f"the last checkpoint is {age:.0f} s old, {failed} failed"


def _keeps_up(health: JobHealth) -> tuple[bool, str]:
    lag = health.watermark_lag_seconds
    if lag is None:
        return True, "no event has come yet"
    return lag <= WATERMARK_SECONDS, f"event time is {lag:.1f} s behind the clock"


def _finds_canary(health: AlertHealth) -> tuple[bool, str]:
    age = health.canary_age_seconds
    if age is None:
        return False, "the canary has never been found"
    return age <= CANARY_SECONDS, f"the canary was found {age:.0f} s ago"


STREAM_CHECKS: tuple[HealthCheck[StreamHealth], ...] = (
    HealthCheck(
        "records_are_read_in_time",
        "error",
        f"No record waits longer than {READ_WITHIN_SECONDS:.0f} s to be read.",
        _is_read_in_time,
    ),
)
"""Of every stream."""

SOURCE_CHECKS: tuple[HealthCheck[StreamHealth], ...] = (
    *STREAM_CHECKS,
    HealthCheck(
        "records_arrive",
        "warning",
        f"The shop is not silent for more than {SILENT_SECONDS / 60:.0f} minutes.",
        _is_not_silent,
    ),
)
"""Of the stream of raw events; the others may be silent for as long as nothing is wrong."""

JOB_CHECKS: tuple[HealthCheck[JobHealth], ...] = (
    HealthCheck("job_is_running", "error", "All tasks of the job run.", _is_running),
    HealthCheck(
        "checkpoints_complete",
        "error",
        f"The last checkpoint is at most {CHECKPOINT_SECONDS:.0f} s old.",
        _completes_checkpoints,
    ),
    HealthCheck(
        "event_time_keeps_up",
        "warning",
        f"The watermark is at most {WATERMARK_SECONDS:.0f} s behind the clock.",
        _keeps_up,
    ),
)

ALERT_CHECKS: tuple[HealthCheck[AlertHealth], ...] = (
    HealthCheck(
        "canary_is_found",
        "error",
        f"The burst of a user that does not exist became an alert in the last"
        f" {CANARY_SECONDS / 60:.0f} minutes: without that, silence is no good news.",
        _finds_canary,
    ),
)


def findings(checks: Sequence[HealthCheck[Health]], health: Health) -> Iterator[Finding]:
    """Judge health by each of the checks."""
    for check in checks:
        passed, message = check.judge(health)
        yield Finding(check.name, passed, check.severity, message)
