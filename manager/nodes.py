"""The nodes as this process sees them: which answer, which do not, and what those owe.

Each node has a circuit of its own. It opens on the first failure, so that a request which starts later does not wait;
only the watcher (`watching`) closes it, after several answers in a row (hysteresis) and when all debts are paid.
Invariants: a request never tries a node whose circuit is open; a value that is too large or undecodable opens none; to
a node that is shut off nothing is sent, by nobody.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from .dark_times import DarkTimes
from .debts import Debt, Debts
from .errors import NodeUnavailableError, StoreError, ValueTooLargeError
from .events import EventKind, Events
from .node_list import Node, NodeList
from .runtime import Runtime
from .stores.store import Store

Result = TypeVar("Result")

OFF = "memcached is switched off by enabled=False"
REMOVED = "it is no longer one of the nodes"


class NodeState:
    """One node, its store and its circuit.

    Parameters
    ----------
    node, store, runtime, events
        What it is, how it is reached, and whom to tell.
    joins
        Whether it joins others that are in use: its circuit is open until `Watching.admit`.
    """

    def __init__(self, node: Node, store: Store, runtime: Runtime, events: Events, *, joins: bool = False) -> None:
        self.name = node.name
        self.label = node.label
        self.store = store
        self.available = not joins
        self.stranger = joins
        """It was not asked for a while in which other processes may have used it, so what it holds may be news."""
        self.shut = ""
        """Why nothing is sent to it; empty: it is one of the nodes in use."""
        self.returned_at = float("-inf")
        """When its circuit last closed, by the monotonic clock: a local copy that was compared with all nodes before
        that may be newer than what the node holds, or older than what others wrote elsewhere (rule R15)."""
        self.generation = ""
        """That the watcher has acted upon."""
        self.last_error = ""
        self.on_change: Callable[[NodeState], object] = lambda _: None
        self._runtime = runtime
        self._events = events
        self._lock = runtime.lock()
        self._debts = Debts()
        self._returning = False
        self._under_way = 0
        self._gate = threading.Condition()  # never held over a store command

    @property
    def debts(self) -> int:
        """How many keys the node owes."""
        return len(self._debts)

    def call(self, command: Callable[[Store], Result]) -> Result:
        """Send a command to the node, and open the circuit if it fails.

        Raises
        ------
        StoreError
            As the store raised it.
        """
        try:
            return self.reach(command)
        except ValueTooLargeError:
            raise
        except StoreError as error:
            self.fail(error)
            raise

    def reach(self, command: Callable[[Store], Result]) -> Result:
        """Send a command to the node, whatever its circuit, unless it is shut off.

        Raises
        ------
        StoreError
            As the store raised it, or because the node is shut off: then nothing was sent.
        """
        with self._gate:
            if self.shut:
                raise NodeUnavailableError(self.shut, node=self.label)
            self._under_way += 1
        try:
            return command(self.store)
        finally:
            with self._gate:
                self._under_way -= 1
                if self.shut:
                    self._gate.notify_all()

    def shut_off(self, reason: str) -> None:
        """Send nothing from now on; what was sent may end. What the node misses it owes, as in an outage."""
        with self._gate:
            self.shut = reason
        with self._lock:
            self.available, self._returning, self.last_error = False, False, reason

    def open_up(self) -> None:
        """Let the node be asked again; its circuit stays open until it has paid its debts."""
        self.stranger = True
        with self._gate:
            self.shut = ""

    def wait_until_idle(self, timeout: float) -> None:
        """Wait until the commands have ended that were sent before the node was shut off, for so many seconds."""
        with self._gate:
            self._gate.wait_for(lambda: not self._under_way, timeout)

    def fail(self, error: StoreError) -> None:
        """Open the circuit."""
        with self._lock:
            self.last_error = error.problem
            was, self.available, self._returning = self.available, False, False
        if was:
            self.on_change(self)
            self._events.emit(EventKind.NODE_DOWN, node=self.label, detail=error.problem)

    def owe(self, key: str, debt: Debt) -> bool:
        """Take on a debt if the node does not answer; return whether it did. Else the caller pays it now (rule R8)."""
        with self._lock:
            if self.available or self._returning:
                return False
            self._debts.owe(key, debt)
            return True

    def begin_return(self) -> None:
        """Take on no more debts, for requests could make them as fast as they are paid, and the node never came back.

        The circuit stays open: nobody reads from the node before it is up to date.
        """
        with self._lock:
            self._returning = not self.available

    def next_debt(self) -> tuple[str, Debt] | None:
        """Remove and return a debt that is due."""
        with self._lock:
            return self._debts.take(self._runtime.monotonic())

    def close_circuit(self) -> bool:
        """Use the node again if no debts are left; return whether it is used."""
        with self._lock:
            if self.shut or len(self._debts):
                return False
            if not self.available:
                self.available, self.returned_at, self.last_error = True, self._runtime.monotonic(), ""
                self._returning = False
                closed = True
            else:
                closed = False
        if closed:
            self.on_change(self)
            self._events.emit(EventKind.NODE_UP, node=self.label)
        return True


class Nodes:
    """All nodes of a manager, in the orders in which sessions use them. It never changes; others may take its place.

    Parameters
    ----------
    nodes, stores, runtime, events
        What they are, how they are reached (by name), and whom to tell.
    before
        The nodes until now. Those for which there is no store stay, with all that is known of them; the others join,
        and are not in use yet.
    """

    def __init__(
        self,
        nodes: NodeList,
        stores: Mapping[str, Store],
        runtime: Runtime,
        events: Events,
        *,
        before: "Nodes | None" = None,
    ) -> None:
        self.node_list = nodes
        self.named = nodes.named
        """Whether ids carry the name of a node."""
        self._runtime = runtime
        self._by_name: dict[str, NodeState] = {}
        for node in nodes.nodes:
            stays = None if before is None or node.name in stores else before.get(node.name)
            self._by_name[node.name] = stays or NodeState(
                node, stores[node.name], runtime, events, joins=before is not None
            )
        self.all = tuple(self._by_name.values())
        self._rings: dict[str, tuple[NodeState, ...]] = {}
        self.heirs: dict[str, str] = {} if before is None else before.node_list.heirs(nodes, before.heirs)
        self.joined_at = float("-inf")
        """When the last `stranger` came into use, by the monotonic clock: what was looked for on all nodes that could
        be asked before that may be held there in another state, or be dead."""
        self.dark_times = DarkTimes() if before is None else before.dark_times
        self.when_down: Callable[[], object] = (lambda: None) if before is None else before.when_down
        for state in self.all:
            state.on_change = self._note_change
        if before is not None:
            self.joined_at = max(self.joined_at, before.joined_at)

    def get(self, name: str) -> NodeState | None:
        """Return the node of this name; a name from a cookie may be unknown."""
        return self._by_name.get(name)

    def is_failover(self, name: str) -> bool:
        """Whether this process uses the node only when no primary is up."""
        return name in self.node_list.failover

    def knows(self, name: str) -> bool:
        """Whether a session can be at home there; the empty name is that of the only, unnamed node."""
        return name in self._by_name

    def ring(self, home: str) -> tuple[NodeState, ...]:
        """Return all nodes, the home first, then in the order in which a backup moves on."""
        if not self.knows(home):
            home = self.heirs.get(home, "")
        ring = self._rings.get(home)
        if ring is None:
            ring = self._rings[home] = tuple(self._by_name[node.name] for node in self.node_list.ring(home))
        return ring

    def targets(self, home: str) -> list[NodeState]:
        """Return the nodes that can take a session, best first: the home, then primaries, then failover nodes.

        A session leaves a failover node as soon as a primary is up.
        """
        ring = [state for state in self.ring(home) if state.available]
        if self.is_failover(home) and any(not self.is_failover(state.name) for state in ring):
            ring.sort(key=lambda state: self.is_failover(state.name))
        return ring

    def is_settled(self, home: str) -> bool:
        """Whether a session has no reason to leave its home: it is best there, or there is no other node."""
        state = self._by_name.get(home)
        if state is not None and state.available and home not in self.node_list.failover:
            return True
        targets = self.targets(home)
        return not targets or targets[0] is state

    def pick(self) -> str:
        """Return the home of a new session: a random primary that is up, else a failover node, else nothing.

        With one unnamed node that is the empty name, whether it is up or not.
        """
        for candidates in (
            self.node_list.primaries,
            [node for node in self.node_list.nodes if self.is_failover(node.name)],
        ):
            up = [node.name for node in candidates if self._by_name[node.name].available]
            if up:
                return up[self._runtime.choose(len(up))]
        return ""

    def age(self, contact: float, now: float) -> float:
        """Return how long a session was out of touch, in seconds, not counting when no node at all could be asked."""
        return now - contact - self.dark_times.between(contact, now)

    def on_failure(self, wake: Callable[[], object]) -> None:
        """Call a function when the circuit of a node has opened."""
        self.when_down = wake

    def shut_off(self) -> None:
        """Send nothing to any node from now on."""
        for state in self.all:
            state.shut_off(OFF)

    def note_darkness(self) -> None:
        """Note whether no node can be asked."""
        self.dark_times.note(lambda: not any(state.available for state in self.all), self._runtime.monotonic())

    def _note_change(self, state: NodeState) -> None:
        if not state.available:
            self.when_down()
        elif state.stranger:
            self.joined_at = self._runtime.monotonic()
        self.note_darkness()

    def gather(
        self, nodes: Iterable[NodeState], command: Callable[[Store], Result]
    ) -> list[tuple[NodeState, Result | StoreError]]:
        """Send a command to several nodes at the same time; return what each said, or its error.

        Where calls have to queue for a thread, one for a node that has gone down meanwhile does not wait for it too.
        """

        def ask(state: NodeState, *, used: bool) -> tuple[NodeState, Result | StoreError]:
            if used and not state.available:
                return state, NodeUnavailableError(f"it has just gone down: {state.last_error}", node=state.label)
            try:
                return state, state.call(command)
            except StoreError as error:
                return state, error

        return self._runtime.gather(
            [lambda state=state, used=state.available: ask(state, used=used) for state in nodes]
        )
