"""The open connections of one process to one node, and how many there may be.

Invariants: a connection is lent to one thread at a time; no more than the bound are open; those that share an age also
share a fate: when one of them turns out to have been closed by the server, all of them are let go.
"""

from collections import deque
from threading import Condition, Lock
from time import monotonic

from .meta_client import MetaClient

IDLE_LIMIT = 60.0
"""Seconds after which an unused connection is closed: firewalls forget connections without telling either end."""


class ConnectionPool:
    """At most so many connections; the one used last is lent first, so that the others grow old and are closed.

    Parameters
    ----------
    size
        How many there may be at a time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._open = 0
        self._idle: deque[MetaClient] = deque()
        self._lock = Lock()
        self._returned = Condition(self._lock)
        self._waiting = 0
        self.age = 0
        """Of the connections that are opened now. Those of an earlier age are closed when they come back."""

    def take(self, deadline: float) -> MetaClient | None:
        """Return an idle connection, or None: the caller may open one. Either way `put` has to follow.

        Raises
        ------
        TimeoutError
            All are in use until the deadline, a time of `time.monotonic`.
        """
        with self._lock:
            self._close_unused()
            while True:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._size:
                    self._open += 1
                    return None
                left = deadline - monotonic()
                if left <= 0:
                    raise TimeoutError(f"all {self._size} connections are in use: raise max_pool_size")
                self._waiting += 1
                try:
                    self._returned.wait(left)
                finally:
                    self._waiting -= 1

    def put(self, client: MetaClient | None) -> None:
        """Take back a connection, or, with None or a closed one, the right to open one."""
        with self._lock:
            if client is None or client.sock is None or client.age != self.age:
                self._open -= 1
                if client is not None:
                    client.close()
            else:
                client.idle_since = monotonic()
                self._idle.append(client)
            if self._waiting:
                self._returned.notify()

    def retire(self, age: int) -> None:
        """Let go of the connections of an age: idle ones now, those that are lent when they come back."""
        with self._lock:
            if age == self.age:
                self.age += 1
                self._close_idle()

    def abandon(self) -> None:
        """Forget everything, in a process forked from the one whose connections these are.

        Nothing is sent, not even over TLS: closing gives up this process's handle, and the other's connection stays.
        The lock is not taken, because a thread that is not here may hold it.
        """
        while self._idle:
            self._idle.pop().close()

    def _close_unused(self) -> None:
        oldest = monotonic() - IDLE_LIMIT
        while self._idle and self._idle[0].idle_since < oldest:
            self._idle.popleft().close()
            self._open -= 1

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
            self._open -= 1
