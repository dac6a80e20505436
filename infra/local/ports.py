"""Ports of 127.0.0.1: a free one, and whether one is taken."""

import random
import socket

PORTS = range(10_000, 32_000)
"""Below those that the system hands out for outgoing connections."""


def free_port() -> int:
    """A port that nobody listens on. Chosen at random: programs that start together differ."""
    while True:
        port = random.choice(PORTS)  # noqa: S311 - nothing is to be kept secret
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_taken(port: int) -> bool:
    """Whether any program listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
