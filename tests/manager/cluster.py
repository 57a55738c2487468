"""Several memcached, and several managers that stand for as many processes, as tests of failover want them.

Invariant: whatever a test did to them, all nodes and managers of a `Cluster` have ended when its block is left.
"""

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

from memcached_process import MemcachedProcess

from memcached_sessions import SessionManager
from memcached_sessions.manager import CookieAction, CookieKind, Event, EventKind, Session
from memcached_sessions.manager.cookie import NO_COOKIE
from memcached_sessions.manager.runtime import ThreadRuntime
from memcached_sessions.manager.session_id import storage_key
from memcached_sessions.manager.version_vector import is_dead

PATIENCE = 10.0
"""Seconds after which something that happens in the background did not happen."""


class Clock(ThreadRuntime):
    """The real surroundings, with clocks that a test can put forward. A manager that has one watches no node."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def time(self) -> float:
        """Return seconds since the epoch, and what has passed by command."""
        return super().time() + self.ahead

    def monotonic(self) -> float:
        """Return seconds that never go back, and what has passed by command."""
        return super().monotonic() + self.ahead


class Server(SessionManager):
    """What stands for one process: a manager that keeps what it was told of."""

    def __init__(self, nodes: str, **settings: Any) -> None:
        self.told: list[Event] = []
        super().__init__(nodes, **settings)
        self.listen(self.told.append)

    def told_of(self, kind: EventKind) -> list[Event]:
        """Return the events of one kind."""
        return [event for event in self.told if event.kind is kind]

    def available(self, node: str) -> bool:
        """Return whether requests use a node."""
        return next(health.available for health in self.health().nodes if health.node == node)

    def wait_until_down(self, *nodes: str) -> None:
        """Wait until requests do not use nodes any more."""
        self._watch()
        eventually(lambda: not any(self.available(node) for node in nodes))

    def wait_until_up(self, *nodes: str) -> None:
        """Wait until requests use nodes again."""
        self._watch()
        eventually(lambda: all(self.available(node) for node in nodes))

    def _watch(self) -> None:
        """Begin to watch the nodes, as the first request does."""
        self.release(self.open(None))


class Client:
    """A browser: it sends the cookie that responses have given it."""

    def __init__(self, cookie: str | None = None) -> None:
        self.cookie = cookie
        self.action = NO_COOKIE
        """Of the last response."""

    @property
    def sid(self) -> str:
        """The constant part of the id it has."""
        return (self.cookie or "")[:32]

    @property
    def node(self) -> str:
        """The node that the id names."""
        return (self.cookie or "")[32:].partition(".")[0].removeprefix("-")

    @property
    def route(self) -> str:
        """The server that the id names."""
        return (self.cookie or "").partition(".")[2].partition("~")[0]

    @contextmanager
    def request(self, server: SessionManager, path: str = "/") -> Generator[Session]:
        """Send a request, and take the cookie of the response."""
        with server.request(self.cookie, path=path) as session:
            yield session
        self.take(session.cookie)

    def take(self, action: CookieAction) -> None:
        """Do what a response says."""
        self.action = action
        if action.kind is CookieKind.SET:
            self.cookie = action.value
        elif action.kind is CookieKind.DELETE:
            self.cookie = None

    def write(self, server: SessionManager, **attributes: Any) -> None:
        """Set attributes in a request of their own."""
        with self.request(server) as session:
            session.update(attributes)

    def read(self, server: SessionManager) -> dict[str, Any]:
        """Return the attributes that a request sees."""
        with self.request(server) as session:
            return dict(session)

    def has_taken(self, kind: CookieKind) -> bool:
        """Return whether the last response did this with the cookie."""
        return self.action.kind is kind


class Cluster:
    """Nodes n1, n2, ... that run, and the managers that use them.

    Parameters
    ----------
    count
        Of nodes.
    named
        Whether they have names; a single one may have none.
    """

    def __init__(self, count: int = 2, *, named: bool = True) -> None:
        self.nodes = {f"n{number}": MemcachedProcess() for number in range(1, count + 1)}
        self._named = named
        self.addresses = self.listed(*self.nodes)
        self._nodes = ExitStack()
        self._dead: set[str] = set()
        self._servers: list[Server] = []

    def __enter__(self) -> Self:
        with ExitStack() as started:
            for node in self.nodes.values():
                started.enter_context(node)
            self._nodes = started.pop_all()  # all of them, or none is left behind
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._nodes.close()  # first, so that no manager waits for one that is frozen
        for server in self._servers:
            server.close()

    def __getitem__(self, name: str) -> MemcachedProcess:
        return self.nodes[name]

    def listed(self, *names: str) -> str:
        """Return some nodes as the setting ``memcached_nodes`` names them."""
        return " ".join(f"{f'{name}:' if self._named else ''}127.0.0.1:{self.nodes[name].port}" for name in names)

    def server(
        self, route: str | None = "a", *, nodes: str | None = None, clock: Clock | None = None, **settings: Any
    ) -> Server:
        """Return a manager of its own, for all nodes unless some are named; one with a clock watches no node."""
        server = Server(self.addresses if nodes is None else nodes, route=route, runtime=clock, **settings)
        self._servers.append(server)
        return server

    def kill(self, *names: str) -> None:
        """End nodes as a crash does; all of them, if none is named."""
        for name in names or self.nodes:
            self.nodes[name].kill()
            self._dead.add(name)

    def start(self, *names: str) -> None:
        """Start nodes again, empty; all of them, if none is named."""
        for name in names or self.nodes:
            self.nodes[name].start()
            self._dead.discard(name)

    def other(self, name: str) -> str:
        """Return the name of another node than this."""
        return next(node for node in self.nodes if node != name)

    def holders(self, sid: str, prefix: str = "") -> list[str]:
        """Return the nodes that hold a live copy of a session; none of them may be frozen."""
        return [name for name in self.nodes if (flags := self._flags(name, sid, prefix)) is not None and not flags]

    def tombs(self, sid: str) -> list[str]:
        """Return the nodes that hold the mark that a session is dead."""
        return [name for name in self.nodes if self._flags(name, sid, "")]

    def _flags(self, name: str, sid: str, prefix: str) -> bool | None:
        if name in self._dead:
            return None
        reply = self.nodes[name].say(f"mg {storage_key(sid, prefix)} f\r\n".encode())
        return is_dead(int(reply[4:])) if reply.startswith(b"HD f") else None

    def left(self, name: str, sid: str) -> int:
        """Return the seconds that a copy has to live; -1: for ever."""
        reply = self.nodes[name].say(f"mg {storage_key(sid)} t\r\n".encode())
        assert reply.startswith(b"HD t"), reply
        return int(reply[4:])

    def counts(self, *counters: str) -> int:
        """Return how many commands of the manager all nodes have carried out; of the counters named, if any."""
        return sum(
            int(node.statistics()[counter])
            for node in self.nodes.values()
            for counter in counters or ("cmd_meta", "cmd_get", "cmd_set", "cmd_touch", "delete_hits", "delete_misses")
        )


def eventually(condition: Callable[[], object], *, patience: float = PATIENCE) -> None:
    """Wait until something is so, for so many seconds at most."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)
