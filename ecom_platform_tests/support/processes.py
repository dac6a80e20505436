"""The processes of an installation: found, watched and ended."""

from pathlib import Path

import psutil


def descendants(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def processes_of(home: Path, word: str = "") -> list[int]:
    """Dagster's processes on an installation, of those whose command has a word in it."""
    matches = []
    for process in psutil.process_iter():
        try:
            is_its_own = process.environ().get("DAGSTER_HOME") == str(home)
            command = " ".join(process.cmdline())
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if is_its_own and command and word in command:
            matches.append(process.pid)
    return matches


def kill(pids: list[int]) -> None:
    """SIGKILL to each that still lives."""
    for pid in pids:
        try:
            psutil.Process(pid).kill()
        except psutil.NoSuchProcess:
            continue
