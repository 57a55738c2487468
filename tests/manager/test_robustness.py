"""What a manager keeps to whatever happens: its time, its threads, its connections, and the secrets of its sessions."""

import threading
from collections import deque
from collections.abc import Callable, Mapping

import pytest
from cluster import Client, Clock, eventually

from memcached_sessions import SessionManager
from memcached_sessions.manager import CookieAction, CookieKind, Event, EventKind
from memcached_sessions.manager.debts import Debt
from memcached_sessions.manager.errors import NodeUnavailableError, ValueTooLargeError
from memcached_sessions.manager.events import Events
from memcached_sessions.manager.local_sessions import Ended
from memcached_sessions.manager.manager import SECONDS_TO_CLOSE
from memcached_sessions.manager.node_list import parse_node_list
from memcached_sessions.manager.nodes import Nodes
from memcached_sessions.manager.stores.memory_store import MemoryStore
from memcached_sessions.manager.stores.store import Store, Written
from memcached_sessions.manager.version_vector import EMPTY

ADDRESSES = "n1:127.0.0.1:1 n2:127.0.0.1:2"


class Node(MemoryStore):
    """A node that a test can take down, and that says what was done with it."""

    def __init__(self, name: str, on_add: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.name = name
        self.up = True
        self.closed = False
        self.adds = 0
        self._on_add = on_add

    def probe(self) -> str:
        """Answer, if it is up."""
        if not self.up:
            raise NodeUnavailableError("it is down", node=self.name)
        return super().probe()

    def add(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store, as a node does; first do what the test wants."""
        self.adds += 1
        self._on_add()
        return super().add(key, value, flags=flags, ttl=ttl)

    def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.fixture
def nodes() -> dict[str, Node]:
    """Two nodes."""
    return {name: Node(name) for name in ("n1", "n2")}


def a_manager_of(nodes: Mapping[str, Store], clock: Clock | None = None) -> SessionManager:
    """Return a manager that has these stores; one with a clock watches none."""
    return SessionManager(ADDRESSES, stores=nodes, runtime=clock)


# The end


def test_a_listener_that_closes_the_manager_leaves_no_connections(
    nodes: dict[str, Node], caplog: pytest.LogCaptureFixture
) -> None:
    """It is called by a watcher, which cannot wait for itself."""
    manager = a_manager_of(nodes)

    def close(event: Event) -> None:
        if event.kind is EventKind.NODE_DOWN:
            manager.close()

    manager.listen(close)
    Client().write(manager, user=7)
    nodes["n1"].up = False

    eventually(lambda: all(node.closed for node in nodes.values()))
    eventually(lambda: not [thread for thread in threading.enumerate() if "memcached-sessions" in thread.name])
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("broken", ["n1", "n2"])
def test_what_fails_at_the_end_keeps_no_connection_open(nodes: dict[str, Node], broken: str) -> None:
    """Each node is let go of, whatever another one says, and the caller is told."""
    manager = a_manager_of(nodes, Clock())
    close = nodes[broken].close

    def fail() -> None:
        close()
        raise OSError("it cannot be closed")

    nodes[broken].close = fail

    with pytest.raises(OSError, match="cannot be closed"):
        manager.close()

    assert all(node.closed for node in nodes.values())


# Time


class SlowNodes:
    """Nodes that take no session, and a second for each that they refuse."""

    def __init__(self, count: int) -> None:
        self.clock = Clock()
        self.nodes = {name: Node(name, self._refuse) for name in ("n1", "n2")}
        self.manager = a_manager_of(self.nodes, self.clock)
        for number in range(count):
            Client().write(self.manager, number=number)
        assert self.manager.health().unbacked == count
        self.before = self._adds

    def _refuse(self) -> None:
        self.clock.ahead += 1
        raise ValueTooLargeError("it is too large", node="n1")

    @property
    def tried(self) -> int:
        """How many sessions were tried since they began."""
        return self._adds - self.before

    @property
    def _adds(self) -> int:
        return sum(node.adds for node in self.nodes.values())


def test_drain_does_not_begin_another_session_after_its_time() -> None:
    """However many are left: they are said to be."""
    slow = SlowNodes(20)

    assert slow.manager.drain(3) == 20

    assert slow.tried == 3
    slow.manager.close()


def test_closing_takes_no_longer_than_it_says() -> None:
    """What could not be stored until then is lost, as it is said to be."""
    slow = SlowNodes(SECONDS_TO_CLOSE + 10)

    slow.manager.close()

    assert slow.tried == SECONDS_TO_CLOSE


def test_a_watcher_that_is_to_end_leaves_the_rest_of_its_work(nodes: dict[str, Node]) -> None:
    """It may have a hundred thousand sessions to move."""
    clock = Clock()
    manager = a_manager_of(nodes, clock)
    for number in range(40):
        Client().write(manager, number=number)
    moved = list[Event]()

    def stop(event: Event) -> None:
        if event.kind is EventKind.RELOCATED:
            moved.append(event)
            manager.watching.stop()

    manager.listen(stop)
    nodes["n1"].up = False
    for node in manager.watching._process.nodes.all:  # noqa: SLF001 - what a watcher does, at a moment that is known
        manager.watching.step(node)

    assert len(moved) == 1
    manager.close()


# Threads


def test_a_manager_that_was_only_made_has_no_threads(nodes: dict[str, Node]) -> None:
    """So a server can load the application, and then fork."""
    before = set(threading.enumerate())

    manager = a_manager_of(nodes)

    assert set(threading.enumerate()) == before
    Client().write(manager, user=7)
    assert set(threading.enumerate()) > before
    manager.close()
    assert set(threading.enumerate()) == before


class Interrupted(deque[tuple[float, float]]):
    """Outages; another thread looks at them in the very moment in which one is added."""

    def __init__(self, look: Callable[[], object]) -> None:
        super().__init__()
        self.thread = threading.Thread(target=look)

    def append(self, outage: tuple[float, float], /) -> None:
        """Add one."""
        super().append(outage)
        self.thread.start()
        self.thread.join(0.2)  # if it has to wait, it is for the one that adds


def test_an_outage_that_is_just_over_is_not_counted_twice() -> None:
    """Else a session seems to have been in touch for longer than it was, and outlives its tombstone."""
    clock, ages = Clock(), list[float]()
    nodes = Nodes(parse_node_list("127.0.0.1:1", ()), {"": MemoryStore()}, clock, Events())
    (node,) = nodes.all
    contact = clock.monotonic() - 10
    outages = Interrupted(lambda: ages.append(nodes.age(contact, clock.monotonic())))
    nodes.dark_times._past = outages  # noqa: SLF001 - to be there in that moment
    node.fail(NodeUnavailableError("it is down", node="n1"))
    clock.ahead += 100

    node.close_circuit()
    outages.thread.join()

    assert ages == [pytest.approx(10, abs=5)]


# Secrets


def test_no_repr_has_an_id_or_what_a_session_holds(nodes: dict[str, Node]) -> None:
    """They end up in tracebacks and logs, where an id would open the session."""
    manager, client = a_manager_of(nodes, Clock()), Client()
    client.write(manager, user="somebody")
    sids = {client.sid}
    with client.request(manager) as session:
        session["more"] = ["somebody"]
        session.rotate()
        manager.commit(session)
        request = session.request_state
        entry = request.entry
        assert entry
        entry.displaced = {"more": [(["somebody"], b"somebody")]}
        shown = [entry, request, session, request.cookie, Ended(0.0, entry), manager, manager.settings]
        sids.add(entry.sid)
        texts = [repr(shown), repr(Debt(entry.sid, EMPTY, 0.0)), repr(CookieAction(CookieKind.SET, entry.sid))]

    assert len(sids) == 2
    assert not [text for text in texts if any(secret in text for secret in (*sids, "somebody"))]
    manager.close()
