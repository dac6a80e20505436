"""Waiting for what happens in another process."""

import time
from collections.abc import Callable
from typing import Any


def wait_until(holds: Callable[[], bool], seconds: float, what: str, pause: float = 0.5) -> None:
    """Wait for something.

    Raises:
        TimeoutError: it did not come about in time.

    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(pause)


def eventually(check: Callable[[], Any], *, seconds: float = 30.0) -> Any:
    """The first true answer of `check`; its last answer once the time is up."""
    end = time.monotonic() + seconds
    while not (answer := check()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer
