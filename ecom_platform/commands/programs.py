"""Programs that run beside a command: started in order, watched, and ended with it.

What does not belong here: which programs there are (`up`).
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 120
STOP_SECONDS = 6.0
LOG_LINES_SHOWN = 5
LOG_BYTES_KEPT = 10 << 20


class ProgramError(RuntimeError):
    """A program has ended though it should run; the message shows the end of its log."""


@dataclass
class Program:
    """A command of this virtual environment, whose output goes to a file.

    Attributes:
        name: what it is called, and its log.
        command, arguments: what is started.
        logs: folder of the log.
        ready_file: what it makes when others may speak to it.

    """

    name: str
    command: str
    arguments: tuple[str, ...]
    logs: Path
    ready_file: Path | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def log_file(self) -> Path:
        return self.logs / f"{self.name}.log"

    def start(self) -> None:
        """Start it, and wait until others may speak to it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES_KEPT:
            self.log_file.replace(self.log_file.with_suffix(".old.log"))
        program = str(Path(sys.executable).parent / self.command)
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the platform's own commands
                [program, *self.arguments], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while self.ready_file and not self.ready_file.exists() and time.monotonic() < deadline:
            self.require_alive()
            time.sleep(0.1)

    def require_alive(self) -> None:
        """Raise if it has ended.

        Raises:
            ProgramError: it has.

        """
        if self.process and self.process.poll() is not None:
            tail = self.log_file.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
            shown = "\n  ".join(tail)
            raise ProgramError(f"{self.name} has ended; the end of {self.log_file}:\n  {shown}")


@contextmanager
def running(programs: Sequence[Program]) -> Iterator[list[Program]]:
    """Run programs; afterwards all have ended, those that do not listen by force."""
    started: list[Program] = []
    try:
        for program in programs:
            started.append(program)
            program.start()
        yield started
    finally:
        _stop([one.process for one in started if one.process])


def _stop(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()
