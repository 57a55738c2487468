"""Asynchronous backup on real memcached: no response waits for it, and it loses nothing while its process lives."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from cluster import Client, Clock, Cluster, Server, eventually
from stalled_backups import entry_of, stalled

from memcached_sessions.manager import CookieKind, EventKind
from memcached_sessions.manager.entry import Turn
from memcached_sessions.serializers import SerializationError

PATIENT = {"operation_timeout": 10.0, "connect_timeout": 10.0}
"""A node that is frozen for a moment is waited for, and not taken for one that is down."""
TOUCH_DUE = 451
"""Seconds after which a session is touched, with an idle limit of half an hour."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def a_server(cluster: Cluster, **settings: Any) -> Server:
    """Return a process with one thread for backups; it watches no node unless it is given no clock."""
    return cluster.server("a", **{"clock": Clock(), "session_backup_async": True, "backup_thread_count": 1, **settings})


def a_session(server: Server, **attributes: Any) -> Client:
    """Return the client of a session that is stored."""
    client = Client()
    client.write(server, **attributes)
    is_stored(server)
    return client


def is_stored(server: Server) -> None:
    """Wait until nothing waits for its backup any more."""
    eventually(lambda: not server.health().unbacked)


def test_a_response_does_not_wait_for_its_backup(cluster: Cluster) -> None:
    """The node is frozen meanwhile; when it goes on, it soon has the session."""
    server, client = a_server(cluster, **PATIENT), Client()
    for node in cluster.nodes.values():
        node.freeze()

    client.write(server, user=7)

    assert client.has_taken(CookieKind.SET)
    assert server.health().unbacked == 1
    for node in cluster.nodes.values():
        node.resume()
    is_stored(server)
    assert cluster.holders(client.sid) == [client.node]
    assert client.read(cluster.server("b")) == {"user": 7}


def test_a_request_sees_what_is_not_stored_yet(cluster: Cluster) -> None:
    """The session lives in the process."""
    server = a_server(cluster)
    client = a_session(server, page=1)

    with stalled(server):
        client.write(server, page=2)
        assert client.read(server) == {"page": 2}


def test_a_session_that_changes_a_hundred_times_is_stored_once(cluster: Cluster) -> None:
    """As it is at last."""
    server = a_server(cluster)
    client = a_session(server, page=0)
    with stalled(server):
        before = cluster.counts("cmd_set")
        for page in range(1, 101):
            client.write(server, page=page)

    is_stored(server)

    assert cluster.counts("cmd_set") - before == 2, "the other session, and this one"
    assert client.read(cluster.server("b")) == {"page": 100}


def test_a_change_that_is_taken_back_before_it_was_stored_is_not_sent(cluster: Cluster) -> None:
    """The bytes decide when its turn comes."""
    server = a_server(cluster)
    client = a_session(server, page=1)
    with stalled(server):
        before = cluster.counts("cmd_set")
        client.write(server, page=2)
        client.write(server, page=1)

    is_stored(server)

    assert cluster.counts("cmd_set") - before == 1, "the other session"
    assert client.read(cluster.server("b")) == {"page": 1}


def test_a_change_that_is_taken_back_while_it_is_stored_is_taken_back_there_too(cluster: Cluster) -> None:
    """The node has the change, or will have it."""
    server = a_server(cluster, **PATIENT)
    client = a_session(server, page=1)
    cluster[client.node].freeze()
    client.write(server, page=2)
    eventually(lambda: entry_of(server, client).turn is Turn.UNDER_WAY)

    client.write(server, page=1)

    cluster[client.node].resume()
    is_stored(server)
    assert client.read(cluster.server("b")) == {"page": 1}


def test_a_change_inside_a_value_is_stored(cluster: Cluster) -> None:
    """It is seen when the request ends, as with synchronous backup."""
    server = a_server(cluster)
    client = a_session(server, cart={"items": [1]})

    with client.request(server) as session:
        session["cart"]["items"].append(2)

    is_stored(server)
    assert client.read(cluster.server("b")) == {"cart": {"items": [1, 2]}}


def test_what_did_not_change_costs_no_command(cluster: Cluster) -> None:
    """And no place in the queue."""
    server = a_server(cluster)
    client = a_session(server, page=1)
    before = cluster.counts()

    for _ in range(10):
        client.write(server, page=1)
        assert entry_of(server, client).turn is Turn.NONE

    assert cluster.counts() == before


def test_a_touch_that_is_due_is_left_to_the_thread(cluster: Cluster) -> None:
    """The response does not wait for it; nothing is stored."""
    clock = Clock()
    server = a_server(cluster, clock=clock, **PATIENT)
    client = a_session(server, page=1)
    sets, before = cluster.counts("cmd_set"), cluster.counts()

    with client.request(server) as session:
        clock.ahead += TOUCH_DUE
        assert session["page"] == 1
        cluster[client.node].freeze()
    cluster[client.node].resume()

    eventually(lambda: cluster.counts() > before)
    assert cluster.counts("cmd_set") == sets


def test_a_value_that_cannot_be_kept_is_refused_in_its_request_and_what_waits_is_kept(cluster: Cluster) -> None:
    """The refused request takes back its own changes, and not one that a response was sent for."""
    server = a_server(cluster)
    client = a_session(server, page=1)
    with stalled(server):
        client.write(server, page=2)

        with pytest.raises(SerializationError, match="bad"):
            client.write(server, page=3, bad=object())

        assert client.read(server) == {"page": 2}
    is_stored(server)
    assert client.read(cluster.server("b")) == {"page": 2}


def test_a_rotation_is_synchronous_and_what_waits_goes_with_it(cluster: Cluster) -> None:
    """When the call returns the new id is stored, and the old one dead; no thread brings it back."""
    server = a_server(cluster)
    client = a_session(server, page=1)
    old, old_cookie = client.sid, client.cookie
    with stalled(server):
        client.write(server, page=2)
        with client.request(server) as session:
            session.rotate()
            assert cluster.holders(session.sid)
            assert cluster.tombs(old) == ["n1", "n2"]
    is_stored(server)

    assert (cluster.holders(old), cluster.tombs(old)) == ([], ["n1", "n2"])
    assert Client(old_cookie).read(cluster.server("b")) == {}
    assert client.read(cluster.server("b")) == {"page": 2}


def test_a_destruction_is_synchronous_and_final(cluster: Cluster) -> None:
    """What waited is never stored."""
    server = a_server(cluster)
    client = a_session(server, page=1)
    sid, cookie = client.sid, client.cookie
    with stalled(server):
        client.write(server, page=2)
        with client.request(server) as session:
            session.destroy()
            assert cluster.tombs(sid) == ["n1", "n2"]
    is_stored(server)

    assert (cluster.holders(sid), cluster.tombs(sid)) == ([], ["n1", "n2"])
    assert Client(cookie).read(cluster.server("b")) == {}


def test_a_session_that_expires_while_it_waits_is_not_stored(cluster: Cluster) -> None:
    """It is over; what the node holds ends by itself."""
    clock = Clock()
    server = a_server(cluster, clock=clock)
    client = a_session(server, page=1)
    with stalled(server):
        before = cluster.counts("cmd_set")
        client.write(server, page=2)
        clock.ahead += 1801
        client.read(server)
        assert len(server.told_of(EventKind.EXPIRED)) == 1
    eventually(lambda: cluster.counts("cmd_set") - before == 1)  # the other session
    is_stored(server)

    assert cluster.counts("cmd_set") - before == 1
    assert client.read(cluster.server("b")) == {"page": 1}


def test_the_id_names_the_new_node_with_the_response_after_a_move(cluster: Cluster) -> None:
    """The one that changed the session was sent before it moved."""
    server = a_server(cluster, operation_timeout=0.2)
    client = a_session(server, page=1)
    home = client.node
    cluster[home].freeze()

    client.write(server, page=2)

    assert client.has_taken(CookieKind.NOTHING)
    is_stored(server)
    assert client.read(server) == {"page": 2}
    assert client.node == cluster.other(home)


def test_an_idle_limit_that_is_set_while_the_session_is_stored_is_stored(cluster: Cluster) -> None:
    """The header that is under way has the one from before."""
    server = a_server(cluster, **PATIENT)
    client = a_session(server, page=1)
    cluster[client.node].freeze()
    client.write(server, page=2)
    eventually(lambda: entry_of(server, client).turn is Turn.UNDER_WAY)

    with client.request(server) as session:
        session.max_inactive_interval = 60

    cluster[client.node].resume()
    eventually(lambda: entry_of(server, client).turn is Turn.NONE)
    assert cluster.left(client.node, client.sid) <= 60 + 15 + 5


def test_threads_of_two_processes_lose_no_update(cluster: Cluster) -> None:
    """Each adds to a list of its own, in place, with saves and merges in any order; a third process sees all of it."""
    servers = [cluster.server(route, session_backup_async=True, backup_thread_count=2) for route in "ab"]
    client, rounds = a_session(servers[0], **{str(at): [] for at in range(4)}), 25

    def add(name: str, server: Server) -> None:
        own = Client(client.cookie)
        for number in range(rounds):
            with own.request(server) as session:
                session[name].append(number)

    threads = [Thread(target=add, args=(str(at), servers[at % 2])) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [server.drain(5) for server in servers] == [0, 0]
    assert Client(client.cookie).read(cluster.server("c")) == {str(at): [*range(rounds)] for at in range(4)}
