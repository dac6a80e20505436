"""A process that runs beside the local cloud: started, watched by its id, stopped, never doubled.

What does not belong here: which services there are (`streaming`), and the cloud itself (`cloud`).
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 40
PARENT_DEATH_SIGNAL = 1
LOG_LINES_SHOWN = 5


class ServiceError(RuntimeError):
    """A service does not start; the message carries the end of its log."""


@dataclass(frozen=True)
class Service:
    """A module that Python runs in a folder, with its process id and its log in another."""

    name: str
    python: Path
    module: str
    arguments: tuple[str, ...]
    home: Path
    directory: Path

    @property
    def log_file(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"

    def start(self, environment: Mapping[str, str]) -> bool:
        """Start it, unless it runs already; says whether it was started."""
        if self._pid() is not None:
            return False
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("wb") as log:
            # A session of its own: Ctrl-C is for the command in front, which stops this in order.
            process = subprocess.Popen(
                [str(self.python), "-m", self.module, *self.arguments],
                cwd=self.home,
                env=dict(environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - nothing here has threads
            )
        self._pid_file.write_text(str(process.pid))
        return True

    def is_running(self) -> bool:
        return self._pid() is not None

    def require_alive(self) -> None:
        """Raise if the service has ended.

        Raises:
            ServiceError: it has; the message shows why.

        """
        if self._pid() is None:
            tail = self.log_file.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
            raise ServiceError(
                f"{self.name} did not start; the end of {self.log_file}:\n  " + "\n  ".join(tail)
            )

    def stop(self) -> None:
        """Stop it and all that it started, and wait; safe when it does not run."""
        pid = self._pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            if is_alive(pid):
                os.killpg(pid, signal.SIGKILL)
        self._pid_file.unlink(missing_ok=True)

    def _pid(self) -> int | None:
        return running_pid(self._pid_file, marker=self.module)


def running_pid(pid_file: Path, *, marker: str) -> int | None:
    """The process of a pid file, if it runs and its command line shows the marker."""
    if not pid_file.exists():
        return None
    pid = int(pid_file.read_text())
    return pid if is_alive(pid) and _shows(pid, marker) else None


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # A child that ended and was not waited for yet is a zombie: it no longer runs.
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return True


def _shows(pid: int, marker: str) -> bool:
    """Process ids are used again: the file may name another program by now."""
    command = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return marker in command


def _end_with_parent() -> None:
    """Ask Linux to end this process when the one that started it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
