"""What is healthy: each check on both sides of its bound."""

import pytest

from ecom_platform.streaming.health import (
    JOB_CHECKS,
    SOURCE_CHECKS,
    JobHealth,
    StreamHealth,
    findings,
)


def stream(count: int, silent: float | None, age: float | None) -> StreamHealth:
    return StreamHealth("s", 900.0, count, silent, age)


def failed(checks: object, health: object) -> list[str]:
    return [found.check for found in findings(checks, health) if not found.passed]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (stream(9, 0.0, 0.0), []),
        (stream(9, 600.0, 60.0), []),
        (stream(9, 600.1, 60.0), ["records_arrive"]),
        (stream(9, 0.0, 60.1), ["records_are_read_in_time"]),
        (stream(0, None, None), ["records_arrive"]),
        (stream(9, 0.0, None), ["records_are_read_in_time"]),
    ],
)
def test_stream_is_judged_by_lag_and_silence(health: StreamHealth, expected: list[str]) -> None:
    assert failed(SOURCE_CHECKS, health) == expected


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (JobHealth("RUNNING", 0, 5.0, 0, 2.0), []),
        (JobHealth("RUNNING", 0, 120.0, 3, 60.0), []),
        (JobHealth("RUNNING", 0, 120.1, 0, None), ["checkpoints_complete"]),
        (JobHealth("RUNNING", 0, 5.0, 0, 60.1), ["event_time_keeps_up"]),
        (JobHealth("RESTARTING", 1, 5.0, 0, 1.0), ["job_is_running"]),
        (JobHealth("UNREACHABLE", detail="refused"), ["job_is_running", "checkpoints_complete"]),
    ],
)
def test_job_is_judged_by_state_checkpoints_and_lag(health: JobHealth, expected: list[str]) -> None:
    assert failed(JOB_CHECKS, health) == expected


def test_messages_say_the_figure() -> None:
    (lag,) = [
        f for f in findings(JOB_CHECKS, JobHealth("RUNNING", 0, 5.0, 2, 99.5)) if not f.passed
    ]

    assert lag.message == "event time is 99.5 s behind the clock"
    assert lag.severity == "warning"
