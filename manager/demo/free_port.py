"""Ports of the loopback for the servers of the demo."""

import random
import socket

PORTS = range(10_000, 32_768)
"""Below those that most systems give to connections: one of these cannot take the port of a server that was killed."""


def free_port() -> int:
    """Return a port that nobody listens on.

    >>> free_port() in PORTS
    True
    """
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("none of 100 ports of 127.0.0.1 is free")
