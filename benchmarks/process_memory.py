"""Running a program of a benchmark: its answer, and the memory that it and others took meanwhile.

What does not belong here: what the programs do, and which ones are compared.
"""

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SECONDS_BETWEEN_SAMPLES = 0.5
KIB = 1024
GIB = 1024**3


class ProgramFailedError(RuntimeError):
    """A program of a benchmark ended with an error, which it printed itself."""


@dataclass(frozen=True)
class Measured:
    """What a program answered, and peaks of resident memory in bytes.

    Attributes:
        answer: the JSON of its last line.
        peak_bytes: of the program and all its children together.
        watched_peak_bytes: of the process that was watched beside it, and its children.

    """

    answer: dict[str, Any]
    peak_bytes: int
    watched_peak_bytes: int


@dataclass
class MemorySampler:
    """Samples the resident memory of process trees in a thread, until it is stopped."""

    roots: tuple[int, ...]
    peaks: dict[int, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        is_over = False
        while not is_over:
            for root, size in resident_bytes(self.roots).items():
                self.peaks[root] = max(self.peaks.get(root, 0), size)
            is_over = self._stop.wait(SECONDS_BETWEEN_SAMPLES)


def measured(command: Sequence[str], *, watched: int) -> Measured:
    """Run a program to its end; what it says on standard error is shown.

    Args:
        command: the program, which prints one line of JSON last.
        watched: id of a process whose memory is sampled apart.

    Raises:
        ProgramFailedError: it did not succeed.

    """
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    sampler = MemorySampler((program.pid, watched))
    try:
        output, _ = program.communicate()
    finally:
        program.kill()
        sampler.stop()
    if program.returncode:
        raise ProgramFailedError(f"{' '.join(command)} ended with {program.returncode}")
    return Measured(
        answer=json.loads(output.splitlines()[-1]),
        peak_bytes=sampler.peaks.get(program.pid, 0),
        watched_peak_bytes=sampler.peaks.get(watched, 0),
    )


def resident_bytes(roots: Sequence[int]) -> dict[int, int]:
    """Resident memory of processes with all their descendants; 0 for one that has ended."""
    listing = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=False
    ).stdout
    sizes: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for line in listing.splitlines():
        process, parent, size = map(int, line.split())
        sizes[process] = size * KIB
        children.setdefault(parent, []).append(process)
    return {root: _tree_size(root, sizes, children) for root in roots}


def _tree_size(root: int, sizes: Mapping[int, int], children: Mapping[int, list[int]]) -> int:
    return sizes.get(root, 0) + sum(
        _tree_size(child, sizes, children) for child in children.get(root, [])
    )
