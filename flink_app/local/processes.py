"""The child process of the launcher: its port, its environment, its end.

Knows nothing of Flink's configuration.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

STOP_SECONDS = 15
PARENT_DEATH_SIGNAL = 1


class PortInUseError(OSError):
    """Somebody listens where the job's REST interface shall be."""


def require_free_port(port: int) -> None:
    """Raise if a port is taken: most often by a job that is still running. 0 means any port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            message = f"REST port {port} is in use: stop the other job or give --rest-port"
            raise PortInUseError(message) from error


def die_with_parent() -> None:
    """Ask Linux to end this process when the launcher ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


def start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own, which a signal can reach whole."""
    return subprocess.Popen(
        command,
        env=environment,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - the launcher has no threads
    )


def stop(child: subprocess.Popen[bytes]) -> None:
    """End the child's whole group: ask first, then insist."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(STOP_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
