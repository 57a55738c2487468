"""Ports of the loopback for the servers of the demo."""

import random
import socket
from contextlib import ExitStack

PORTS = range(10_000, 20_000)
"""Below those that most systems give to connections: one of these cannot take the port of a server that was killed."""


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody listens on.

    Raises
    ------
    OSError
        There are none.

    >>> len(set(free_ports(3)))
    3
    """
    found: list[int] = []
    with ExitStack() as held:
        for port in random.SystemRandom().sample(PORTS, 100 + count):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"of {100 + count} ports of 127.0.0.1 only {len(found)} are free")
