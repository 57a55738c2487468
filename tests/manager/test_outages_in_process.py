"""No node answers, or the one that matters does not: the application goes on, and no session is mixed up or lost."""

from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, eventually

from memcached_sessions.manager import CookieKind, NodesDownError


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def test_sessions_are_served_with_all_nodes_down(cluster: Cluster) -> None:
    """Checklist line 57: the id stays as it is, and reads and writes go on in the process."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    cookie = client.cookie
    cluster.kill()

    for page in range(3):
        client.write(server, page=page)
        assert client.read(server) == {"user": 7, "page": page}

    assert client.cookie == cookie


@pytest.mark.parametrize("known", [True, False], ids=["known to be down", "just gone down"])
def test_a_session_that_begins_with_all_nodes_down_names_none(cluster: Cluster, known: bool) -> None:
    """Checklist line 58: no node in the id, no new cookie at the next request, and the session is served."""
    server, client = cluster.server(clock=None if known else Clock()), Client()
    Client().write(server, user=7)
    cluster.kill()
    if known:
        server.wait_until_down("n1", "n2")

    client.write(server, user=7)
    assert (client.node, client.has_taken(CookieKind.SET)) == ("", True)

    assert client.read(server) == {"user": 7}
    assert client.has_taken(CookieKind.NOTHING)


def test_a_session_that_began_with_all_nodes_down_gets_a_node_later(cluster: Cluster) -> None:
    """Checklist line 45: stored in the background when one is back, and told to the client with the next response."""
    server, client = cluster.server("a"), Client()
    Client().write(server, user=7)
    cluster.kill()
    server.wait_until_down("n1", "n2")
    client.write(server, user=7)
    sid = client.sid

    cluster.start()
    eventually(lambda: cluster.holders(sid))

    assert client.read(server) == {"user": 7}
    assert client.node in cluster.holders(sid)
    assert client.sid == sid
    assert client.read(cluster.server("b")) == {"user": 7}


def test_all_sessions_are_stored_again_when_nodes_return_empty(cluster: Cluster) -> None:
    """Those that changed meanwhile, and those that did not."""
    first, second = cluster.server("a"), cluster.server("b")
    clients = [Client() for _ in range(10)]
    for number, client in enumerate(clients):
        client.write(first, number=number)
    cluster.kill()
    first.wait_until_down("n1", "n2")
    for client in clients[:5]:
        client.write(first, page=1)

    cluster.start()
    first.wait_until_up("n1", "n2")
    eventually(lambda: all(cluster.holders(client.sid) for client in clients))
    first.close()

    second.wait_until_up("n1", "n2")
    assert [client.read(second).get("number") for client in clients] == list(range(10))
    assert [client.read(second).get("page") for client in clients] == [1] * 5 + [None] * 5


@pytest.mark.parametrize("home_first", [True, False])
def test_sessions_move_when_only_the_other_node_returns(cluster: Cluster, home_first: bool) -> None:
    """They had nowhere to go when their own node went down, and do not wait for a request."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)
    home, other = client.node, cluster.other(client.node)
    for node in (home, other) if home_first else (other, home):
        cluster.kill(node)
        server.wait_until_down(node)

    cluster.start(other)
    server.wait_until_up(other)
    eventually(lambda: cluster.holders(client.sid))
    server.close()

    cluster.start(home)
    assert client.read(cluster.server("b")) == {"user": 7}


def test_an_id_that_nobody_can_decide_upon_is_kept(cluster: Cluster) -> None:
    """The node that has the session is frozen: a request that reads gets an empty, degraded session and no cookie."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    cookie, home = client.cookie, client.node
    first.close()
    cluster[home].freeze()

    with client.request(second) as session:
        assert session == {}
        assert session.degraded
        assert session.id == cookie
    assert (client.cookie, client.action.kind) == (cookie, CookieKind.NOTHING)

    cluster[home].resume()
    second.wait_until_up(home)
    assert client.read(second) == {"user": 7}


def test_a_write_under_an_undecided_id_begins_another_session(cluster: Cluster) -> None:
    """Nothing is ever stored under the id that came: the session that it names may be alive."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    old = Client(client.cookie)
    first.close()
    cluster[old.node].freeze()

    client.write(second, page=1)

    cluster[old.node].resume()
    second.wait_until_up(old.node)
    assert client.sid != old.sid
    assert client.read(second) == {"page": 1}
    assert old.read(second) == {"user": 7}


def test_an_id_of_another_process_is_kept_when_all_nodes_say_no(cluster: Cluster) -> None:
    """I1: the process that it names may still hold the session, and stores it again; a read must not end that."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b"), Client()
    client.write(first, user=7)
    cookie = client.cookie
    cluster[client.node].flush()

    with client.request(second) as session:
        assert session == {}
        assert session.degraded

    assert client.cookie == cookie
    assert client.read(first) == {"user": 7}


def test_whether_a_session_exists_cannot_always_be_said(cluster: Cluster) -> None:
    """A node that could hold it does not answer, and the others do not have it."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    assert client.cookie
    cluster.kill(client.node)

    with pytest.raises(NodesDownError, match=client.node):
        second.exists(client.cookie)


def test_a_manager_starts_while_its_nodes_are_down(cluster: Cluster) -> None:
    """They are used when they come."""
    cluster.kill()
    server, client = cluster.server(), Client()
    client.write(server, user=7)

    cluster.start()
    eventually(lambda: not server.health().unbacked)

    assert client.read(cluster.server("b")) == {"user": 7}


def test_a_logout_with_the_home_frozen_is_one(cluster: Cluster) -> None:
    """R12 and R15: the tombstone is on the other node at once, and on this one before it is used again."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    old = Client(client.cookie)
    client.read(second)
    client.cookie = old.cookie
    cluster[old.node].freeze()

    with client.request(first) as session:
        session.destroy()

    assert old.read(second) == {}
    cluster[old.node].resume()
    first.wait_until_up(old.node)
    assert cluster.tombs(old.sid) == ["n1", "n2"]
