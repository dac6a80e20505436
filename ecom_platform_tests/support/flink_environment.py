"""The environment of Flink, which only tests that say so may use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecom_platform_tests.support.places import ROOT

PYTHON = ROOT / ".venv-flink" / "bin" / "python"
_state = {"is_allowed": False}


@contextmanager
def allowed() -> Iterator[None]:
    """Let Flink be started inside."""
    _state["is_allowed"] = True
    try:
        yield
    finally:
        _state["is_allowed"] = False


def flink_python() -> Path:
    """The interpreter of Flink's environment.

    Raises:
        RuntimeError: it was not set up, or the test does not ask for the fixture `flink`.

    """
    if not _state["is_allowed"]:
        raise RuntimeError("a test that starts Flink must ask for the fixture `flink`")
    if not PYTHON.exists():
        raise RuntimeError(f"{PYTHON} is missing; run: make flink")
    return PYTHON
