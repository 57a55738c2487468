"""Memcached is switched off and on while the manager runs: nothing is asked meanwhile, and nothing is lost after it."""

import threading
import time
from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, Server, eventually
from scripted_server import ScriptedServer

from memcached_sessions.manager import ConfigurationError, CookieKind, EventKind


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def watchers() -> list[str]:
    """Return the threads that watch nodes."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("memcached-sessions-watch-")]


def switched_off(server: Server, cluster: Cluster) -> int:
    """Switch memcached off, and return how many commands the nodes have had."""
    server.reconfigure(enabled=False)
    return cluster.counts()


def test_a_manager_that_is_switched_off_asks_nothing_and_goes_on(cluster: Cluster) -> None:
    """Checklist line 46: its sessions are served and changed in the process, and new ones begin without a node."""
    server, client, new = cluster.server(), Client(), Client()
    client.write(server, user=7)

    before = switched_off(server, cluster)
    client.write(server, page=2)
    new.write(server, user=8)
    time.sleep(1.2)  # two looks of a watcher

    assert client.read(server) == {"user": 7, "page": 2}
    assert (new.node, new.read(server)) == ("", {"user": 8})
    assert Client("0" * 32 + "-n1.b~x").read(server) == {}
    assert cluster.counts() == before
    assert watchers() == []
    assert all(node.has_connections(0) for node in cluster.nodes.values())


def test_health_says_that_memcached_is_switched_off(cluster: Cluster) -> None:
    """And that no session is backed up."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    assert server.health().enabled

    server.reconfigure(enabled=False)

    health = server.health()
    assert (health.enabled, health.sessions, health.unbacked, server.drain(10)) == (False, 1, 1, 1)
    assert [(node.available, "enabled=False" in node.problem) for node in health.nodes] == [(False, True)] * 2
    assert not server.settings.enabled


def test_sessions_of_a_manager_that_was_off_from_the_start_are_stored_when_it_is_switched_on(cluster: Cluster) -> None:
    """Checklist line 46: in the background, and the next response says where."""
    server, clients = cluster.server(enabled=False), [Client() for _ in range(20)]
    for number, client in enumerate(clients):
        client.write(server, number=number)
    assert server.health().unbacked == 20

    server.reconfigure(enabled=True)

    eventually(lambda: all(cluster.holders(client.sid) for client in clients))
    eventually(lambda: server.health().unbacked == 0)
    assert [client.read(server)["number"] for client in clients] == [*range(20)]
    assert {client.node for client in clients} == {"n1", "n2"}
    assert all(client.has_taken(CookieKind.SET) for client in clients)
    assert not server.told_of(EventKind.RELOCATED)
    server.close()
    other = cluster.server("b")
    assert [client.read(other) for client in clients] == [{"number": number} for number in range(20)]


def test_a_manager_that_was_not_used_while_it_was_off_begins_threads_with_the_first_request(cluster: Cluster) -> None:
    """So its process can still fork."""
    server, client = cluster.server(enabled=False), Client()

    server.reconfigure(enabled=True)

    assert watchers() == []
    client.write(server, user=7)
    assert len(watchers()) == 2
    assert client.node in cluster.holders(client.sid)


def test_what_changed_meanwhile_is_stored_when_memcached_is_switched_on(cluster: Cluster) -> None:
    """Checklist line 46: before anybody asks for it."""
    server, client, rotated = cluster.server(), Client(), Client()
    client.write(server, user=7)
    rotated.write(server, user=8)
    old = Client(rotated.cookie)
    switched_off(server, cluster)
    client.write(server, page=2)
    with rotated.request(server) as session:
        session.rotate()

    server.reconfigure(enabled=True)
    assert server.drain(10) == 0

    server.close()
    other = cluster.server("b")
    assert client.read(other) == {"user": 7, "page": 2}
    assert rotated.read(other) == {"user": 8}
    assert (old.sid != rotated.sid, old.read(other)) == (True, {})


def test_what_was_destroyed_meanwhile_is_dead_on_all_nodes(cluster: Cluster) -> None:
    """The nodes owe the tombstone, and have it before they are used."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    sid, old = client.sid, Client(client.cookie)
    switched_off(server, cluster)
    with client.request(server) as session:
        session.destroy()
    assert client.has_taken(CookieKind.DELETE)

    server.reconfigure(enabled=True)

    assert cluster.tombs(sid) == ["n1", "n2"]
    assert old.read(cluster.server("b")) == {}


def test_changes_of_both_sides_are_merged(cluster: Cluster) -> None:
    """What nodes held when memcached was switched off is the base, so that removals are seen."""
    server, other, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(server, kept=1, mine=1, theirs=1, removed=1)
    switched_off(server, cluster)
    there = Client(client.cookie)
    there.write(other, theirs=2)
    client.write(server, mine=2)
    with client.request(server) as session:
        del session["removed"]

    server.reconfigure(enabled=True)
    assert server.drain(10) == 0

    expected = {"kept": 1, "mine": 2, "theirs": 2}
    assert client.read(server) == expected
    assert there.read(other) == expected


def test_what_another_process_has_destroyed_meanwhile_is_gone(cluster: Cluster) -> None:
    """Although it was changed here: each session is looked for on all nodes before it is trusted again."""
    server, other, client, quiet = cluster.server("a", clock=Clock()), cluster.server("b"), Client(), Client()
    client.write(server, user=7)
    quiet.write(server, user=8)
    switched_off(server, cluster)
    for taken in (Client(client.cookie), Client(quiet.cookie)):
        with taken.request(other) as session:
            session.destroy()
    client.write(server, page=2)

    server.reconfigure(enabled=True)

    assert client.read(server) == {}
    assert quiet.read(server) == {}
    assert server.drain(10) == 0
    assert cluster.holders(client.sid) == []


def test_what_another_process_has_changed_meanwhile_is_seen_at_once(cluster: Cluster) -> None:
    """A session of which this process was the only owner when memcached was switched off."""
    server, other, client = cluster.server("a", clock=Clock()), cluster.server("b"), Client()
    client.write(server, user=7)
    switched_off(server, cluster)
    Client(client.cookie).write(other, page=2)

    server.reconfigure(enabled=True)

    assert client.read(server) == {"user": 7, "page": 2}


def test_a_session_in_use_outlives_a_long_time_without_memcached(cluster: Cluster) -> None:
    """As in a long outage of all nodes (R18): the time does not count, and what has expired there is stored again."""
    clock, client = Clock(), Client()
    server = cluster.server("a", clock=clock)
    client.write(server, user=7)
    switched_off(server, cluster)
    for _ in range(10):
        clock.ahead += 1000
        client.write(server, at=clock.ahead)
    for node in cluster.nodes.values():
        node.flush()  # by their clocks less has passed

    server.reconfigure(enabled=True)

    assert server.drain(10) == 0
    assert client.read(server) == {"user": 7, "at": 10_000}
    assert client.node in cluster.holders(client.sid)
    assert not server.told_of(EventKind.EXPIRED)


def test_nodes_that_do_not_answer_when_memcached_is_switched_on_are_used_later(cluster: Cluster) -> None:
    """Sessions stay in the process until then."""
    server, client = cluster.server(enabled=False), Client()
    client.write(server, user=7)
    cluster.kill()

    server.reconfigure(enabled=True)

    client.write(server, page=2)
    assert (server.health().unbacked, client.node) == (1, "")
    cluster.start()
    eventually(lambda: cluster.holders(client.sid))
    assert client.read(server) == {"user": 7, "page": 2}


def test_other_nodes_are_given_while_memcached_is_switched_off(cluster: Cluster) -> None:
    """They are asked nothing before it is switched on."""
    server, client = cluster.server(nodes=cluster.listed("n1")), Client()
    client.write(server, user=7)
    before = switched_off(server, cluster)

    server.reconfigure(memcached_nodes=cluster.listed("n2"))
    client.write(server, page=2)
    assert cluster.counts() == before
    server.reconfigure(enabled=True)

    assert server.drain(10) == 0
    assert client.read(server) == {"user": 7, "page": 2}
    assert client.node == "n2"


def test_memcached_stays_off_if_a_node_is_none(cluster: Cluster) -> None:
    """It was not asked when the manager was made."""
    with ScriptedServer(version=(b"VERSION 1.5.22\r\n",)) as old:
        host, port = old.address
        server = cluster.server(nodes=f"{cluster.listed('n1')} old:{host}:{port}", enabled=False)
        client = Client()
        client.write(server, user=7)

        with pytest.raises(ConfigurationError, match=r"1\.5\.22"):
            server.reconfigure(enabled=True)

    assert (server.health().enabled, server.settings.enabled) == (False, False)
    client.write(server, page=2)
    assert (client.node, client.read(server)) == ("", {"user": 7, "page": 2})
    assert cluster["n1"].has_connections(0)


def test_switching_off_and_on_as_often_as_you_like_changes_nothing(cluster: Cluster) -> None:
    """A watcher for each node, and no write that nobody needs in the end."""
    server, client = cluster.server(), Client()
    for number in range(5):
        client.write(server, number=number)
        server.reconfigure(enabled=False)
        client.write(server, off=number)
        server.reconfigure(enabled=True)
        server.reconfigure(enabled=True)
        assert client.read(server) == {"number": number, "off": number}

    assert server.drain(10) == 0
    assert len(watchers()) == 2
    assert client.read(cluster.server("b")) == {"number": 4, "off": 4}


def test_bounds_hold_for_sessions_that_are_changed_while_memcached_is_off(cluster: Cluster) -> None:
    """They count as what they are now, and those that were used least recently end."""
    server, clients = cluster.server(max_local_bytes=5_000), [Client() for _ in range(20)]
    for client in clients:
        client.write(server, blob="")
    switched_off(server, cluster)

    for client in clients:
        client.write(server, blob="x" * 1_000)

    assert 3 <= server.health().sessions <= 5
