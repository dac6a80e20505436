"""A process that runs beside a command: started, watched by its id, stopped, never doubled.

What does not belong here: which processes there are (`cloud`, `streaming`).
"""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

STOP_SECONDS = 40
PARENT_DEATH_SIGNAL = 1
LOG_LINES_SHOWN = 5


class ServiceError(RuntimeError):
    """A service does not start or stop; the message says why, or what to do."""


@dataclass(frozen=True)
class Service:
    """A module that Python runs in a folder, with its process id and its log in another."""

    name: str
    python: Path
    module: str
    arguments: tuple[str, ...]
    home: Path
    directory: Path
    ends_with_parent: bool = True
    """Whether it goes when the process that started it is killed."""

    @property
    def log_file(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"

    def start(self, environment: Mapping[str, str]) -> bool:
        """Start it, unless it runs already; says whether it was started."""
        if self.is_running():
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
                preexec_fn=_end_with_parent if self.ends_with_parent else None,  # noqa: PLW1509 - nothing here has threads
            )
        self._pid_file.write_text(str(process.pid))
        return True

    def is_running(self) -> bool:
        return self._process() is not None

    def log_tail(self) -> str:
        """The end of its log, for a message."""
        lines = self.log_file.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return f"the end of {self.log_file}:\n  " + "\n  ".join(lines)

    def require_alive(self) -> None:
        """Raise if the service has ended.

        Raises:
            ServiceError: it has; the message shows why.

        """
        if not self.is_running():
            raise ServiceError(f"{self.name} did not start; {self.log_tail()}")

    def stop(self, *, seconds: float = STOP_SECONDS, is_forced: bool = True) -> None:
        """Stop it and all that it started, and wait; safe when it does not run.

        Raises:
            ServiceError: it does not stop, and is not to be forced.

        """
        process = self._process()
        if process is not None:
            family = [process, *process.children(recursive=True)]
            process.send_signal(signal.SIGTERM)
            _, alive = psutil.wait_procs([process], seconds)
            if alive and not is_forced:
                raise ServiceError(
                    f"process {process.pid} ({self.name}) does not stop; end it with: kill -9"
                    f" {process.pid}"
                )
            for member in family:
                if member.is_running():
                    member.kill()
        self._pid_file.unlink(missing_ok=True)

    def forget(self) -> None:
        """Leave no process id behind, where a start failed."""
        self._pid_file.unlink(missing_ok=True)

    def _process(self) -> psutil.Process | None:
        """The process of the file, if it runs and is ours: ids are used again."""
        if not self._pid_file.exists():
            return None
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            # Empty for a moment, while the program is loaded.
            command = process.cmdline()
            is_ours = not command or self.module in command
            return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            return None


def _end_with_parent() -> None:
    """Ask Linux to end this process when the one that started it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
