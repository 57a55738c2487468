"""The open connections of one process to one node, and how many there may be.

Invariants: a connection is lent to one thread at a time; no more than the bound are open, and who waits for one is
served in turn; those that share an age also
share a fate: when one of them turns out to have been closed by the server, all of them are let go.
"""

from collections import deque
from threading import Lock
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
        self._queue: deque[_Waiting] = deque()
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
            if self._idle:
                return self._idle.pop()
            if self._open < self._size:
                self._open += 1
                return None
            waiting = _Waiting()
            self._queue.append(waiting)
        try:
            waiting.served.acquire(timeout=max(0.0, deadline - monotonic()))
        except BaseException:
            if not self._leave(waiting):
                self.put(waiting.client)
            raise
        if self._leave(waiting):
            raise TimeoutError(f"all {self._size} connections are in use: raise max_pool_size")
        return waiting.client

    def put(self, client: MetaClient | None) -> None:
        """Take back a connection, or, with None or a closed one, the right to open one."""
        with self._lock:
            if client is not None and (client.sock is None or client.age != self.age):
                client.close()
                client = None
            if client is not None:
                client.idle_since = monotonic()
            if self._queue:
                # Handed over, and not left to whoever is first: that would be the thread that has just put it back.
                self._queue.popleft().serve(client)
            elif client is not None:
                self._idle.append(client)
            else:
                self._open -= 1

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

    def _leave(self, waiting: "_Waiting") -> bool:
        """Leave the queue; return whether there was still something to wait for."""
        with self._lock:
            if waiting in self._queue:
                self._queue.remove(waiting)
                return True
            return False

    def _close_unused(self) -> None:
        oldest = monotonic() - IDLE_LIMIT
        while self._idle and self._idle[0].idle_since < oldest:
            self._idle.popleft().close()
            self._open -= 1

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
            self._open -= 1


class _Waiting:
    """A thread that waits for a connection, or for the right to open one."""

    def __init__(self) -> None:
        self.served = Lock()
        self.served.acquire()
        self.client: MetaClient | None = None

    def serve(self, client: MetaClient | None) -> None:
        self.client = client
        self.served.release()
