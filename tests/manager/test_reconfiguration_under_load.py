"""Nodes change again and again while threads change sessions: no request fails, and no update is lost."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from cluster import Client, Cluster, Server

from memcached_sessions.manager import ManagerError

SESSIONS = 12
THREADS = 4


@dataclass
class Shared:
    """A session that all threads change, each its own counter, as the requests of one browser do."""

    client: Client = field(default_factory=Client)
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """What was replied to."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, server: Server, name: str) -> None:
        """Send one request, and compare what it saw with what had been replied to before it began."""
        with self.lock:
            known, sent = dict(self.counts), Client(self.client.cookie)
        value = known.get(name, 0) + 1
        with sent.request(server) as session:
            older = {other: (session.get(other, 0), count) for other, count in known.items() if session[other] < count}
            assert not older, f"seen, and replied to before: {older}"
            session[name] = value
        with self.lock:
            self.counts[name] = value
            self.client.take(sent.action)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Three nodes."""
    with Cluster(3) as cluster:
        yield cluster


@contextmanager
def load(server: Server, sessions: list[Shared]) -> Iterator[None]:
    """Let threads change sessions meanwhile; what failed in one of them fails here."""
    ended = threading.Event()

    def work(name: str) -> int:
        dice, done = random.Random(name), 0
        while not ended.is_set():
            dice.choice(sessions).count(server, name)
            done += 1
        return done

    for number, session in enumerate(sessions):
        session.client.write(server, number=number)
    with ThreadPoolExecutor(THREADS) as threads:
        working: list[Future[int]] = [threads.submit(work, f"t{number}") for number in range(THREADS)]
        try:
            yield
        finally:
            ended.set()
        assert min(thread.result() for thread in working) > 20


def all_that_was_replied_to(sessions: list[Shared]) -> list[dict[str, int]]:
    """Return what each session has to hold."""
    return [{"number": number, **session.counts} for number, session in enumerate(sessions)]


@pytest.mark.parametrize(
    ("route", "asynchronous"),
    [("a", False), (None, False), ("a", True)],
    ids=["route", "no route", "asynchronous backup"],
)
def test_nodes_change_under_load(cluster: Cluster, route: str | None, *, asynchronous: bool) -> None:
    """Nodes come and go, take each other's names, become failover nodes; memcached is switched off and on."""
    one, two, three = (cluster[name].port for name in ("n1", "n2", "n3"))
    steps: list[dict[str, object]] = [
        {"memcached_nodes": cluster.listed("n2", "n3")},
        {"memcached_nodes": cluster.listed("n1")},
        {"memcached_nodes": f"n1:127.0.0.1:{two} n2:127.0.0.1:{one}"},
        {"memcached_nodes": f"n1:127.0.0.1:{three} n2:127.0.0.1:{one}"},
        {"failover_nodes": "n1"},
        {"enabled": False},
        {"memcached_nodes": cluster.listed("n1", "n2", "n3")},
        {"enabled": True, "failover_nodes": "n2 n3"},
        {"failover_nodes": None},
        {"memcached_nodes": f"127.0.0.1:{two}"},
        {"memcached_nodes": cluster.listed("n3", "n1")},
    ]
    server = cluster.server(route, session_backup_async=asynchronous)
    sessions = [Shared() for _ in range(SESSIONS)]

    with load(server, sessions):
        for step in steps * 3:
            server.reconfigure(**step)  # pyright: ignore[reportArgumentType]
            threading.Event().wait(0.05)

    assert server.drain(10) == 0
    expected = all_that_was_replied_to(sessions)
    assert [session.client.read(server) for session in sessions] == expected
    server.close()
    other = cluster.server("b", nodes=cluster.listed("n3", "n1"))
    assert [session.client.read(other) for session in sessions] == expected


def test_a_removed_node_is_asked_nothing_under_load(cluster: Cluster) -> None:
    """From the moment in which the call returns, whatever was under way."""
    server, sessions = cluster.server(), [Shared() for _ in range(SESSIONS)]
    names = list(cluster.nodes)

    with load(server, sessions):
        for removed in names * 3:
            server.reconfigure(memcached_nodes=cluster.listed(*(name for name in names if name != removed)))
            before = cluster[removed].statistics()
            threading.Event().wait(0.1)
            after = cluster[removed].statistics()
            # The one who asks for the figures has a connection of its own, and sends nothing else.
            assert int(after["total_connections"]) == int(before["total_connections"]) + 1
            assert [after[count] for count in COUNTS] == [before[count] for count in COUNTS]
            server.reconfigure(memcached_nodes=cluster.addresses)

    assert server.drain(10) == 0
    assert [session.client.read(server) for session in sessions] == all_that_was_replied_to(sessions)


COUNTS = ("cmd_meta", "cmd_get", "cmd_set", "cmd_touch")


def test_reconfigurations_at_the_same_time_take_turns(cluster: Cluster) -> None:
    """Whichever comes last counts, as a whole."""
    server, sessions = cluster.server(), [Shared() for _ in range(SESSIONS)]
    lists = [cluster.listed("n1", "n2"), cluster.listed("n2", "n3"), cluster.listed("n3"), cluster.addresses]

    def change(nodes: str) -> None:
        for _ in range(10):
            server.reconfigure(memcached_nodes=nodes)

    with load(server, sessions), ThreadPoolExecutor(len(lists)) as threads:
        for changing in [threads.submit(change, nodes) for nodes in lists]:
            changing.result()

    assert server.drain(10) == 0
    listed = [node.name for node in server.settings.node_list.nodes]
    assert [node.node for node in server.health().nodes] == listed
    assert server.settings.memcached_nodes in lists
    assert [session.client.read(server) for session in sessions] == all_that_was_replied_to(sessions)


def test_drain_and_close_go_on_while_nodes_change(cluster: Cluster) -> None:
    """A reconfiguration that is under way is waited for; what comes after the end is refused, and leaves nothing."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)

    def change() -> int:
        for number in range(10_000):
            try:
                server.reconfigure(memcached_nodes=cluster.listed("n1", "n2" if number % 2 else "n3"))
            except ManagerError:
                return number
        raise AssertionError("nobody has closed it")

    with ThreadPoolExecutor(1) as threads:
        changing = threads.submit(change)
        for _ in range(5):
            client.write(server, page=2)
            server.drain(1)
        server.close()
        assert changing.result() > 0

    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("memcached-sessions")] == []
    assert all(node.has_connections(0) for node in cluster.nodes.values())
