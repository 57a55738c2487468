"""Two memcached nodes, two application servers and nginx, on free ports of the loopback.

Invariant: whatever happens, all of them have ended when the block ends.
"""

import http.client
import json
import os
import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from .balancer import ANSWER_TIMEOUT, nginx_configuration, nginx_program
from .child import Child, DemoError
from .free_ports import free_ports
from .observing import HEALTH_PATH
from .plans import ServerPlan
from .served import ROUTE, SHOP

NODES = ("n1", "n2")
HEALTH_TIMEOUT = 1.0
"""Seconds that a server has to say how it does."""


@dataclass(frozen=True)
class ServerHealth:
    """How the manager of an application server does."""

    server: str
    pid: int
    sessions: int
    unbacked: int
    nodes: Mapping[str, bool]
    """Whether it uses each node."""
    counters: Mapping[str, int]
    """`Counters` of its statistics, since it was started."""


class Cluster:
    """The processes, by their names.

    Parameters
    ----------
    plans
        The application servers.
    answer_timeout
        Seconds that nginx waits for one of them.

    Raises
    ------
    DemoError
        A program is not installed, or does not start.
    """

    def __init__(self, plans: Sequence[ServerPlan], answer_timeout: int = ANSWER_TIMEOUT) -> None:
        self._plans = plans
        self._answer_timeout = answer_timeout
        self._folder = TemporaryDirectory(prefix="memcached-sessions-demo-", ignore_cleanup_errors=True)
        ports = iter(free_ports(1 + len(NODES) + len(plans)))
        self.port = next(ports)
        """Of nginx."""
        self._node_ports = {name: next(ports) for name in NODES}
        self._server_ports = {plan.name: next(ports) for plan in plans}
        self.nodes: dict[str, Child] = {}
        self.servers: dict[str, Child] = {}
        self._nginx: Child | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the shop, as visitors know it."""
        return "127.0.0.1", self.port

    @property
    def url(self) -> str:
        """Of the shop."""
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all of them."""
        for child in self._children():
            child.kill()
        self._folder.cleanup()

    def _children(self) -> list[Child]:
        return [*([self._nginx] if self._nginx else []), *self.servers.values(), *self.nodes.values()]

    def _start(self) -> None:
        folder = Path(self._folder.name)
        folder.chmod(0o755)  # nginx of root works as somebody else
        program = nginx_program()
        self.nodes = {name: self._node(name, port, folder) for name, port in self._node_ports.items()}
        environ = self._environ(folder)
        for plan in self._plans:
            port = self._server_ports[plan.name]
            own = environ | {ROUTE: plan.name, SHOP: f"{_examples()}.{plan.shop}_shop"}
            self.servers[plan.name] = Child(
                plan.name, plan.command(port), lambda port=port: _health(port, HEALTH_TIMEOUT) is not None, folder, own
            )
        configuration = folder / "nginx.conf"
        configuration.write_text(
            nginx_configuration(folder, self.port, self._server_ports, self._answer_timeout), encoding="utf-8"
        )
        self._nginx = Child(
            "nginx",
            [program, "-p", str(folder), "-e", "stderr", "-c", str(configuration)],
            partial(_listens, self.port),
            folder,
        )
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait_until_it_answers()
        for child in (*self.servers.values(), self._nginx):
            child.start()
        for child in (*self.servers.values(), self._nginx):
            child.wait_until_it_answers()

    def _node(self, name: str, port: int, folder: Path) -> Child:
        program = shutil.which("memcached")
        if program is None:
            raise DemoError(
                "memcached is not installed; please install it (Debian: apt-get install memcached), or `make demo`"
            )
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        return Child(name, [program, "-l", "127.0.0.1", "-p", str(port), *user], partial(_listens, port), folder)

    def _environ(self, folder: Path) -> dict[str, str]:
        """Return what all application servers have in common."""
        secret = secrets.token_hex(32)
        return {
            "MEMCACHED_SESSIONS_NODES": " ".join(f"{name}:127.0.0.1:{port}" for name, port in self._node_ports.items()),
            "SHOP_DATABASE": str(folder / "accounts.sqlite"),
            "SHOP_SECRET": secret,
        }

    def health(self, server: str) -> ServerHealth | None:
        """Return how the manager of an application server does; None if it does not answer."""
        return _health(self._server_ports[server], HEALTH_TIMEOUT)

    def living(self) -> list[str]:
        """Return the application servers that run and are not frozen."""
        return [name for name, child in self.servers.items() if child.alive and not child.frozen]

    def healths(self) -> list[ServerHealth | None]:
        """Return how each of `living` does; None for one that does not answer."""
        living = self.living()
        with ThreadPoolExecutor(len(living) or 1) as threads:
            return list(threads.map(self.health, living))

    def is_routed_to(self, server: str) -> bool:
        """Return whether nginx sends a server those whose sessions are there: after a failure it waits some seconds."""
        health = _health(self.port, HEALTH_TIMEOUT + 2 * self._answer_timeout, Cookie=f"id={'0' * 32}.{server}")
        return health is not None and health.server == server


def _examples() -> str:
    """Return the package of the shops, which this one does not import."""
    return f"{(__package__ or '').partition('.')[0]}.examples"


def _health(port: int, timeout: float, **headers: str) -> ServerHealth | None:
    """Return what an application server says of itself, asked directly or through nginx; None if none answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", HEALTH_PATH, headers=headers)
        return ServerHealth(**json.loads(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
