"""One manager under load while its nodes hang, resume, die, restart empty and are flushed; and what that cost.

Nothing but times is returned: what must hold is asserted on the way. In every phase: no exception, no hang, no lost
session, no lost update, no deleted cookie (see `load`). At its end, as far as a node is up: another process finds all
sessions as their last response left them, and everything is backed up.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from memcached_process import MemcachedProcess, node_list

from memcached_sessions import SessionManager
from memcached_sessions.manager import Event, EventKind

from .application import after_updates
from .load import Load, Took
from .onlooker import found_by_another_process

PATIENCE = 10.0
"""Seconds after which a manager that should have repaired something has not."""


@dataclass(frozen=True)
class Waits:
    """How long the reads or the updates of a phase took, in seconds."""

    count: int
    median: float
    under_way: float
    """The longest of those that began before the manager knew that the node is down; 0 if there is none."""
    later: float
    """The longest of the others."""


@dataclass(frozen=True)
class Phase:
    """What one thing that happened to a node cost."""

    name: str
    read: Waits
    modify: Waits


class Outage:
    """The nodes, the manager and its load.

    Parameters
    ----------
    nodes
        How many nodes there are.
    struck
        To how many of them it happens at the same time.
    route
        Of the manager; without one every read asks a node.
    seconds
        How long each phase lasts at least.
    pause
        Seconds that each thread of the load rests between requests.
    operation_timeout
        Of the manager, in seconds.
    """

    def __init__(
        self,
        nodes: int,
        *,
        struck: int,
        route: str | None,
        seconds: float,
        pause: float = 0.002,
        operation_timeout: float = 0.5,
    ) -> None:
        self._stack = ExitStack()
        self._nodes = [self._stack.enter_context(MemcachedProcess()) for _ in range(nodes)]
        self._struck = self._nodes[:struck]
        self._seconds = seconds
        self._list = node_list(self._nodes)
        self._manager = self._stack.enter_context(
            SessionManager(
                self._list, route=route, operation_timeout=operation_timeout, session_backup_timeout=operation_timeout
            )
        )
        self._load = Load(self._manager, pause)
        self._down: dict[str, float] = {}
        self._manager.listen(self._note)

    def run(self) -> list[Phase]:
        """Let everything happen, one thing after another."""
        with self._stack, self._load.running():
            return [
                self._phase("undisturbed", lambda: None),
                self._phase("SIGSTOP", lambda: self._each(MemcachedProcess.freeze), down=True),
                self._phase("SIGCONT", lambda: self._each(MemcachedProcess.resume)),
                self._phase("SIGKILL", self._kill, down=True),
                self._phase("restarted empty", lambda: self._each(MemcachedProcess.start)),
                self._phase("flush_all", self._flush),
            ]

    def _note(self, event: Event) -> None:
        if event.kind is EventKind.NODE_DOWN:
            self._down[event.node] = time.monotonic()

    def _each(self, act: Callable[[MemcachedProcess], object]) -> None:
        for node in self._struck:
            act(node)

    def _kill(self) -> None:
        # With one of two, the other one: all sessions have moved there meanwhile.
        self._struck = self._nodes[-len(self._struck) :]
        self._each(MemcachedProcess.kill)

    def _flush(self) -> None:
        for node in self._nodes:
            node.flush()

    def _phase(self, name: str, happens: Callable[[], object], *, down: bool = False) -> Phase:
        self._load.took()
        self._down.clear()
        happens()
        time.sleep(self._seconds)
        self._wait_until_repaired(name, down=down)
        self._load.check()
        took = self._load.took()
        if not down or len(self._struck) < len(self._nodes):
            self._compare_with_another_process(name)
        known = max(self._down.values(), default=0.0)
        return Phase(name, _waits(took, known, "read"), _waits(took, known, "modify"))

    def _wait_until_repaired(self, name: str, *, down: bool) -> None:
        """Wait until all nodes that run are used, and everything is backed up if there is one."""
        struck = len(self._struck) if down else 0
        deadline = time.monotonic() + PATIENCE
        while True:
            self._load.check()
            health = self._manager.health()
            up = sum(node.available for node in health.nodes)
            if up == len(self._nodes) - struck and (not up or not health.unbacked):
                return
            assert time.monotonic() < deadline, f"{name}: after {PATIENCE} s not repaired: {health}"
            time.sleep(0.02)

    def _compare_with_another_process(self, name: str) -> None:
        with self._load.held():
            customers = self._load.customers
            found = found_by_another_process(self._list, [customer.cookie for customer in customers])
            for customer, attributes in zip(customers, found, strict=True):
                assert attributes == after_updates(customer.number, customer.updates), (
                    f"{name}: another process finds {attributes} of {customer}"
                )


def _waits(took: list[Took], known: float, what: str) -> Waits:
    these = [each for each in took if each.what == what]
    return Waits(
        len(these),
        median([each.seconds for each in these] or [0.0]),  # a machine with much to do may have ended none
        max((each.seconds for each in these if each.began < known), default=0.0),
        max((each.seconds for each in these if each.began >= known), default=0.0),
    )
