"""A port of the loopback for a server that a test starts, or stops and starts again.

Invariant: no port is given out twice in one process before all others were, nor by two workers that share the tests.
"""

import os
import random
import socket
from itertools import cycle

PORTS = range(20_000, 32_768)
"""Below those that the system gives to connections: one of these cannot take a port between the question and the
server's start, nor while the server is away. And above those of the demo."""

_worker = int("0" + os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"))
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_own = PORTS[_worker % _workers :: _workers]
_first = random.SystemRandom().randrange(len(_own))
_next = cycle([*_own[_first:], *_own[:_first]])


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(100):
        port = next(_next)
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"none of 100 ports of {host} is free")
