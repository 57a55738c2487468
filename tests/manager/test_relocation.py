"""A node dies, and the sessions that it held move to the next one, in the background and in the cookies."""

import time
from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, eventually

from memcached_sessions.manager import CookieKind, EventKind


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Three nodes."""
    with Cluster(3) as cluster:
        yield cluster


def test_the_request_after_a_crash_has_the_same_session_on_another_node(cluster: Cluster) -> None:
    """Checklist lines 26 and 54: same sid, same attributes, another node in the id, and no trace in the session."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    sid, node = client.sid, client.node
    cluster.kill(node)

    client.write(server, page=2)

    assert client.has_taken(CookieKind.SET)
    assert (client.sid, client.node != node) == (sid, True)
    assert client.read(server) == {"user": 7, "page": 2}
    assert client.has_taken(CookieKind.NOTHING)


def test_the_cookie_tells_where_the_commit_has_put_the_session(cluster: Cluster) -> None:
    """R3: in the same response, not at the start of the next request."""
    server, client = cluster.server(clock=Clock()), Client()
    client.write(server, user=7)
    old = client.node
    cluster.kill(old)

    client.write(server, page=2)

    cluster.start(old)
    assert client.node in cluster.holders(client.sid)


def test_sessions_move_in_the_background_before_anybody_asks(cluster: Cluster) -> None:
    """The process may die before the next request: another one finds all of them on the nodes that are left."""
    first, second = cluster.server("a"), cluster.server("b")
    clients = [Client() for _ in range(20)]
    for number, client in enumerate(clients):
        client.write(first, number=number)
    concerned = [client for client in clients if client.node == "n1"]
    assert concerned

    cluster.kill("n1")
    eventually(lambda: len(first.told_of(EventKind.RELOCATED)) == len(concerned))
    first.close()

    assert [client.read(second) for client in clients] == [{"number": number} for number in range(20)]


def test_the_id_follows_with_the_next_response(cluster: Cluster) -> None:
    """A move in the background is told to the client by a request that only reads."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    node = client.node
    cluster.kill(node)
    eventually(lambda: server.told_of(EventKind.RELOCATED))

    assert client.read(server) == {"user": 7}

    assert client.has_taken(CookieKind.SET)
    assert client.node == server.told_of(EventKind.RELOCATED)[0].node != node


def test_two_of_three_nodes_may_die(cluster: Cluster) -> None:
    """Checklist line 55: the third one is used."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)

    for _ in range(2):
        cluster.kill(client.node)
        client.write(first, page=2)

    assert client.read(second) == {"user": 7, "page": 2}


def test_a_copy_that_a_returned_node_still_has_is_removed(cluster: Cluster) -> None:
    """R7: a node that was frozen and missed a save is not used before its copy is brought in order."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    old = client.node
    cluster[old].freeze()
    client.write(server, user=8)
    new = client.node
    assert new != old

    cluster[old].resume()
    server.wait_until_up(old)

    assert old not in cluster.holders(client.sid)
    assert client.read(cluster.server("b")) == {"user": 8}
    assert client.node == new


def test_a_frozen_node_is_waited_for_once(cluster: Cluster) -> None:
    """The first request waits for at most the backup timeout; those that start later do not wait at all."""
    server, client = cluster.server(session_backup_timeout=1.0, operation_timeout=1.0, clock=Clock()), Client()
    client.write(server, user=7)
    cluster[client.node].freeze()

    started = time.monotonic()
    client.write(server, page=0)
    first = time.monotonic() - started
    for page in range(1, 10):
        client.write(server, page=page)
    others = time.monotonic() - started - first

    assert 0.9 < first < 5
    assert others < 0.9


def test_a_node_that_is_down_is_found_without_a_request(cluster: Cluster) -> None:
    """An idle process notices too."""
    server = cluster.server()
    Client().write(server, user=7)
    cluster.kill("n2")
    server.wait_until_down("n2")
    cluster.start("n2")
    server.wait_until_up("n2")
    kinds = [event.kind for event in server.told if event.node == "n2" and "node" in event.kind.value]
    assert kinds == [EventKind.NODE_DOWN, EventKind.NODE_UP]


def test_new_sessions_avoid_a_node_that_is_down(cluster: Cluster) -> None:
    """Checklist line 14: they are spread over those that are up."""
    server = cluster.server()
    Client().write(server, user=7)
    cluster.kill("n1")
    server.wait_until_down("n1")

    clients = [Client() for _ in range(40)]
    for client in clients:
        client.write(server, user=7)

    assert {client.node for client in clients} == {"n2", "n3"}


def test_failover_nodes_are_used_only_when_no_primary_is_up(cluster: Cluster) -> None:
    """Checklist line 14: and a session leaves them as soon as one is."""
    server, client = cluster.server(failover_nodes="n2 n3"), Client()
    client.write(server, user=7)
    assert client.node == "n1"

    cluster.kill("n1")
    client.write(server, page=2)
    assert client.node == "n2"
    cluster.kill("n2")
    client.write(server, page=3)
    assert client.node == "n3"

    cluster.start("n1", "n2")
    server.wait_until_up("n1", "n2")
    assert client.read(server) == {"user": 7, "page": 3}
    assert client.node == "n1"


def test_new_sessions_begin_on_failover_nodes_when_no_primary_is_up(cluster: Cluster) -> None:
    """Checklist lines 14 and 58: there is a node in the id, and it does not change while the primary is down."""
    server, client = cluster.server(failover_nodes="n2"), Client()
    cluster.kill("n1", "n3")
    Client().write(server, user=7)
    server.wait_until_down("n1", "n3")

    client.write(server, user=7)
    assert client.node == "n2"
    client.read(server)
    assert client.has_taken(CookieKind.NOTHING)


def test_a_process_takes_over_what_it_cannot_find_at_the_home(cluster: Cluster) -> None:
    """The id names a node that died with the first process: the copy is on another one."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    old = Client(client.cookie)
    cluster.kill(client.node)
    client.write(first, user=8)
    first.close()

    assert old.read(second) == {"user": 8}
    assert old.node == client.node


def test_what_a_restarted_node_has_lost_is_stored_again(cluster: Cluster) -> None:
    """R10: by the process that holds the sessions, before anybody asks for them."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    cluster[client.node].restart()

    eventually(lambda: cluster.holders(client.sid))

    first.close()
    assert client.read(second) == {"user": 7}


def test_what_a_flushed_node_has_lost_is_stored_again(cluster: Cluster) -> None:
    """R10: ``flush_all`` is no restart, and loses as much."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    cluster[client.node].flush()

    eventually(lambda: cluster.holders(client.sid))

    first.close()
    assert client.read(second) == {"user": 7}
