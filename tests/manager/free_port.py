"""A port of the loopback for a server that a test starts, or stops and starts again."""

import random
import socket

PORTS = range(10_000, 32_768)
"""Below those that the system gives to connections: one of these cannot take a port between the question and the
server's start, nor while the server is away."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"none of 100 ports of {host} is free")
