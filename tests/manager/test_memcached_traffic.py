"""What a request says to memcached, by memcached's own counters.

The watchers ask each node for its generation once every operation timeout; here that is so long that they do it once,
at the start.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from memcached_process import MemcachedProcess, node_list

from memcached_sessions import SessionManager

SETTINGS = {"operation_timeout": 60.0, "connect_timeout": 60.0}
REQUESTS = 50

_COUNTED = ("cmd_get", "cmd_set", "cmd_touch", "delete_hits", "delete_misses", "bytes_read", "bytes_written")


@dataclass(frozen=True)
class Commands:
    """How many commands of each kind."""

    reads: int = 0
    """``mg``, without those that found an item and extended its life."""
    touches: int = 0
    """``mg`` that found an item and extended its life."""
    writes: int = 0
    """``ms``."""
    deletes: int = 0
    """``md``."""


@dataclass
class Traffic:
    """What nodes were sent in a ``with`` block."""

    commands: Commands = Commands()
    bytes_sent: int = 0
    """To the nodes, by whatever commands."""
    bytes_received: int = field(default=0, compare=False)
    """To a few bytes: memcached's answer with the counters counts too, and its numbers grow."""


def counters(node: MemcachedProcess) -> dict[str, int]:
    """Return memcached's counters; asking for them counts as ``bytes_read`` too."""
    time.sleep(0.01)  # it counts an answer after it has sent it, so the last one could be missing
    statistics = node.statistics()
    return {name: int(statistics[name]) for name in _COUNTED}


def what_asking_costs(node: MemcachedProcess) -> dict[str, int]:
    """Return by how much the counters grow when they are read."""
    before = counters(node)
    return {name: value - before[name] for name, value in counters(node).items()}


@contextmanager
def traffic(*nodes: MemcachedProcess) -> Generator[Traffic]:
    """Count what nodes are sent, and what they answer, in a ``with`` block."""
    result = Traffic()
    asking = [what_asking_costs(node) for node in nodes]
    before = [counters(node) for node in nodes]
    yield result
    total: Counter[str] = Counter()
    for node, first, own in zip(nodes, before, asking, strict=True):
        total.update({name: value - first[name] - own[name] for name, value in counters(node).items()})
    deletes = total["delete_hits"] + total["delete_misses"]
    result.commands = Commands(total["cmd_get"], total["cmd_touch"], total["cmd_set"], deletes)
    result.bytes_sent, result.bytes_received = total["bytes_read"], total["bytes_written"]


@pytest.fixture
def nodes(start_memcached: Callable[..., MemcachedProcess]) -> list[MemcachedProcess]:
    """Two nodes."""
    return [start_memcached(), start_memcached()]


@pytest.fixture
def new_manager(nodes: list[MemcachedProcess]) -> Iterator[Callable[..., SessionManager]]:
    """Return a function that makes a manager of these nodes, which has said all that it says of its own accord."""
    managers: list[SessionManager] = []

    def make(**settings: object) -> SessionManager:
        addresses = node_list(nodes)
        manager = SessionManager(addresses, **SETTINGS, **settings)
        managers.append(manager)
        manager.release(manager.open(None))
        wait_until_silent(nodes)
        return manager

    yield make
    for manager in managers:
        manager.close()


def wait_until_silent(nodes: list[MemcachedProcess]) -> None:
    """Wait until nobody has sent anything to the nodes for a while."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with traffic(*nodes) as sent:
            time.sleep(0.15)
        if not sent.bytes_sent:
            return
    raise AssertionError("the nodes are never silent")


def begin(manager: SessionManager) -> str:
    """Begin a session and return its cookie."""
    with manager.request(None) as session:
        session["user"] = {"number": 7, "name": "Ada"}
        session["cart"] = {"items": ["apple"]}
    return session.cookie.value


def read(manager: SessionManager, cookie: str, times: int) -> None:
    """Make requests that only read."""
    for _ in range(times):
        with manager.request(cookie) as session:
            assert session["user"]["number"] == 7


def test_a_request_that_only_reads_a_local_session_sends_nothing(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """With a route, memcached does not hear of it."""
    manager = new_manager(route="a")
    cookie = begin(manager)
    with traffic(*nodes) as sent:
        read(manager, cookie, REQUESTS)
    assert sent == Traffic()


def test_a_request_that_only_reads_sends_a_touch_once_in_a_touch_interval(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """It is one command without the value, and the requests after it send nothing again."""
    manager = new_manager(route="a", max_inactive_interval=4)
    cookie = begin(manager)
    time.sleep(1.05)
    with traffic(*nodes) as sent:
        read(manager, cookie, REQUESTS)
    print(f"touch: {sent}")  # noqa: T201 - the figures, with -s
    assert sent.commands == Commands(touches=1)
    assert sent.bytes_sent < 100
    assert sent.bytes_received < 60


def test_a_request_without_a_session_sends_nothing(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """No id came and no data was put in: there is nothing to look for and nothing to store."""
    manager = new_manager(route="a")
    with traffic(*nodes) as sent:
        for _ in range(REQUESTS):
            with manager.request(None) as session:
                assert not session
    assert sent == Traffic()


def test_a_request_that_does_not_look_at_its_session_sends_nothing(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """Not even if the id is of another process, or without a route."""
    first, second = new_manager(route="a"), new_manager()
    cookie = begin(first)
    with traffic(*nodes) as sent, second.request(cookie):
        pass
    assert sent == Traffic()


def test_a_new_session_is_one_command(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """It is added without a look whether its id is free."""
    manager = new_manager(route="a")
    with traffic(*nodes) as sent:
        begin(manager)
    assert sent.commands == Commands(writes=1)


def test_a_request_that_changes_its_session_sends_exactly_one_command(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """The answer to it has all that the next change needs."""
    manager = new_manager(route="a")
    cookie = begin(manager)
    with traffic(*nodes) as sent:
        for number in range(REQUESTS):
            with manager.request(cookie) as session:
                session["visits"] = number
    print(f"changed: {sent.bytes_sent / REQUESTS} bytes out, {sent.bytes_received / REQUESTS} in")  # noqa: T201 - the figures, with -s
    assert sent.commands == Commands(writes=REQUESTS)


def test_a_nested_change_is_one_command_and_found_by_another_process(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """Nobody has to say that the cart was changed."""
    first, second = new_manager(route="a"), new_manager(route="b")
    cookie = begin(first)
    with traffic(*nodes) as sent, first.request(cookie) as session:
        session["cart"]["items"].append("pear")
    assert sent.commands == Commands(writes=1)
    with second.request(cookie) as session:
        assert session["cart"] == {"items": ["apple", "pear"]}


def test_a_takeover_reads_each_node_once(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """And writes nothing, if the request only reads."""
    first, second = new_manager(route="a"), new_manager(route="b")
    cookie = begin(first)
    read(second, begin(first), 1)  # the connections of the threads that ask several nodes at once
    wait_until_silent(nodes)
    with traffic(nodes[0]) as at_one, traffic(nodes[1]) as at_the_other:
        read(second, cookie, 1)
    assert at_one.commands == at_the_other.commands == Commands(reads=1)


def test_a_revalidated_read_sends_one_command_of_about_60_bytes(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """Without a route each read asks whether the local copy is the newest; no value is moved for that."""
    manager = new_manager()
    cookie = begin(manager)
    with traffic(*nodes) as sent:
        read(manager, cookie, REQUESTS)
    out, back = sent.bytes_sent / REQUESTS, sent.bytes_received / REQUESTS
    print(f"revalidated: {out} bytes out, {back} in")  # noqa: T201 - the figures, with -s
    assert sent.commands == Commands(touches=REQUESTS)
    assert out < 80
    assert back < 60


def test_a_revalidated_change_sends_two_commands(
    nodes: list[MemcachedProcess], new_manager: Callable[..., SessionManager]
) -> None:
    """One to see that the local copy is the newest, and one to store."""
    manager = new_manager()
    cookie = begin(manager)
    with traffic(*nodes) as sent:
        for number in range(REQUESTS):
            with manager.request(cookie) as session:
                session["visits"] = number
    assert sent.commands == Commands(touches=REQUESTS, writes=REQUESTS)
