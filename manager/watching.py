"""Watches the nodes in the background, so that no request has to find out, and an idle process notices an outage too.

One thread for each node asks it for its generation every operation timeout. A node that fails has its circuit opened
and its sessions moved; one that answers several times in a row pays its debts and is used again. Invariant: `step` is
all that a thread does, and can be called from anywhere instead.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection

from .errors import StoreError
from .nodes import NodeState
from .process import Process
from .repairing import Repairing

ANSWERS_IN_A_ROW = 2
"""Answers of a node that was down before it is used again (hysteresis)."""

SECONDS_BETWEEN_SWEEPS = 30

_logger = logging.getLogger("memcached_sessions")


class Watching:
    """What the watcher of each node does.

    Parameters
    ----------
    process
        Whose nodes are watched.
    repairing
        What is done about what is seen.
    let_expire
        Drops local copies that have reached their limits.
    """

    def __init__(self, process: Process, repairing: Repairing, let_expire: Callable[[], object]) -> None:
        self._process = process
        self._repairing = repairing
        self._let_expire = let_expire
        self._swept_at = process.runtime.monotonic()
        self._answers: dict[str, int] = {}
        self._relocated: set[str] = set()
        self._wake = threading.Condition()
        self._woken = 0
        self._ended = False
        self._threads: dict[NodeState, threading.Thread] = {}

    def start(self) -> None:
        """Begin to watch the nodes that nobody watches yet, in threads that end with the process."""
        for node in self._process.nodes.all:
            with self._wake:
                if node.shut or node in self._threads:
                    continue
                thread = self._threads[node] = threading.Thread(
                    target=self._run, args=(node,), name=f"memcached-sessions-watch-{node.label}", daemon=True
                )
                thread.start()

    def wait_for_end(self, nodes: Collection[NodeState], timeout: float) -> None:
        """Wait for so many seconds in all until nobody watches nodes that were shut off."""
        until = time.monotonic() + timeout
        with self._wake:
            threads = [thread for node, thread in self._threads.items() if node in nodes]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def wake(self) -> None:
        """Have every watcher look at once."""
        with self._wake:
            self._woken += 1
            self._wake.notify_all()

    def stop(self) -> None:
        """End the threads, and wait until each is done with the session that it is at, but for one that calls this."""
        self._repairing.stop()
        with self._wake:
            self._ended = True
            self._wake.notify_all()
            threads = [*self._threads.values()]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    def _run(self, node: NodeState) -> None:
        while True:
            woken = self._woken
            if not self._ended and not node.shut:
                try:
                    self.step(node)
                except Exception:
                    _logger.exception("the watcher of node %s failed, and goes on", node.label)
            with self._wake:
                self._wake.wait_for(
                    lambda woken=woken: self._ended or node.shut or self._woken != woken,
                    self._process.settings.operation_timeout,
                )
                if self._ended or node.shut:
                    del self._threads[node]  # in one step with the look: `start` begins another one if it is opened up
                    return

    def step(self, node: NodeState) -> None:
        """Look at a node once, and do what is to be done."""
        self.sweep()
        if not node.available and node.name not in self._relocated:
            self._move_away(node)  # at once: a frozen node would take its time to show that it does not answer
        if not self._answered(node):
            self._move_away(node)
        elif node.available:
            self._look_after(node)
        else:
            self._bring_back(node)

    def sweep(self) -> None:
        """Drop local copies that have reached their limits, if that was not done lately."""
        now = self._process.runtime.monotonic()
        if now - self._swept_at >= SECONDS_BETWEEN_SWEEPS:
            self._swept_at = now
            self._let_expire()

    def _move_away(self, node: NodeState) -> None:
        if node.name not in self._relocated:
            self._repairing.relocate(node)
            self._relocated.add(node.name)

    def _answered(self, node: NodeState) -> bool:
        try:
            node.call(lambda store: store.probe())
        except StoreError:
            self._answers[node.name] = 0
            return False
        return True

    def _look_after(self, node: NodeState) -> None:
        """Act on a restart or flush, and on sessions whose backup failed while the node was up."""
        generation = node.store.generation
        if node.generation and generation != node.generation:
            node.generation = generation
            self._repairing.restore_after_restart(node)
        node.generation = generation
        if self._process.retries:
            self._process.retries = False
            self._repairing.back_up_unbacked()

    def _bring_back(self, node: NodeState) -> None:
        self._answers[node.name] = self._answers.get(node.name, 0) + 1
        if self._answers[node.name] < ANSWERS_IN_A_ROW:
            return
        if self.admit(node):
            self._look_after(node)
        else:
            self._answers[node.name] = 0

    def admit(self, node: NodeState) -> bool:
        """Use a node that answers, when its debts are paid; return whether it is used."""
        node.begin_return()
        try:
            while True:
                self._repairing.pay_debts(node)
                if node.close_circuit():
                    break
                if self._ended or node.shut:
                    return False
        except StoreError:
            return False
        self._relocated.clear()  # sessions of another node that is down may have had nowhere to go until now
        return True
