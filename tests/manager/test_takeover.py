"""A process dies, and another one serves its sessions: all attributes, the same secret, another route."""

from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster

from memcached_sessions.manager import CookieKind, EventKind


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def test_takeover_keeps_the_attributes_and_changes_the_route(cluster: Cluster) -> None:
    """Checklist line 48: attributes are readable in the first request, the sid stays, the route is that of the new
    server. The contract keeps the key, a hash of the sid, so there is none to remove.
    """
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7, cart=["tea"])
    sid, node = client.sid, client.node
    first.close()

    assert client.read(second) == {"user": 7, "cart": ["tea"]}
    assert (client.sid, client.node, client.route) == (sid, node, "b")
    assert cluster.holders(sid) == [node]


def test_takeover_works_without_names_of_nodes() -> None:
    """Checklist line 48: also with a single node that ids do not name."""
    with Cluster(1, named=False) as cluster:
        first, second, client = cluster.server("a"), cluster.server("b"), Client()
        client.write(first, user=7)

        assert client.read(second) == {"user": 7}
        assert (client.node, client.route) == ("", "b")


def test_takeover_works_without_routes(cluster: Cluster) -> None:
    """Checklist line 48: then the id stays as it was."""
    first, second, client = cluster.server(None), cluster.server(None), Client()
    client.write(first, user=7)
    cookie = client.cookie

    assert client.read(second) == {"user": 7}
    assert client.cookie == cookie
    assert client.has_taken(CookieKind.NOTHING)


@pytest.mark.parametrize("before", [None, "a", "b"])
@pytest.mark.parametrize("after", [None, "b"])
@pytest.mark.parametrize("leaves", [False, True])
def test_the_id_after_a_takeover(before: str | None, after: str | None, leaves: bool) -> None:
    """Checklist line 13: the route is that of the new server, if any; the node changes if it is only for failover
    there, and else not.
    """
    with Cluster(2) as cluster:
        client = Client()
        client.write(cluster.server(before, failover_nodes="n2"), user=7)
        sid = client.sid

        client.read(cluster.server(after, failover_nodes="n1" if leaves else "n2"))

        assert (client.sid, client.node, client.route) == (sid, "n2" if leaves else "n1", after or "")


def test_sessions_survive_a_restart_of_the_application(cluster: Cluster) -> None:
    """Checklist line 37: the next process of the same route loads them, and its worker is another."""
    client = Client()
    with cluster.server("a") as before:
        client.write(before, user=7)
        cookie = client.cookie

    after = cluster.server("a")
    assert client.read(after) == {"user": 7}
    assert client.route == "a"
    assert client.cookie != cookie


def test_the_one_who_takes_over_is_told_once(cluster: Cluster) -> None:
    """Checklist line 47: one event at the take-over, none at later requests, and none for the creator. It names the
    key, which the change of the route does not change.
    """
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    key = first.told_of(EventKind.CREATED)[0].key
    client.read(second)
    client.read(second)

    assert [event.key for event in second.told_of(EventKind.TAKEN_OVER)] == [key]
    assert first.told_of(EventKind.TAKEN_OVER) == []


def test_a_session_that_was_taken_over_is_sent_only_if_modified(cluster: Cluster) -> None:
    """Checklist line 49: the contract needs no first send, since the stored bytes name no route."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(first, user=7)
    before = cluster.counts("cmd_set")

    client.read(second)
    client.read(second)
    assert cluster.counts("cmd_set") == before

    client.write(second, user=8)
    assert cluster.counts("cmd_set") > before


def test_an_old_id_still_works_after_the_takeover(cluster: Cluster) -> None:
    """Checklist line 49: a parallel request that still has the id of the first server gets the session."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    late = Client(client.cookie)
    client.write(second, user=8)

    assert late.read(second) == {"user": 8}
    assert late.cookie == client.cookie


def test_a_takeover_asks_each_node_once(cluster: Cluster) -> None:
    """Checklist line 51: whatever else happens in the request, the session is loaded once."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(first, user=7)
    before = cluster.counts("cmd_get")

    with client.request(second) as session:
        assert session["user"] == 7
        assert session.get("name") is None
        assert not session.is_new

    assert cluster.counts("cmd_get") - before == 2


def test_what_the_request_of_the_takeover_changes_is_kept(cluster: Cluster) -> None:
    """Checklist line 52: a modification in the very request that took the session over is backed up."""
    first, second, third, client = cluster.server("a"), cluster.server("b"), cluster.server("c"), Client()
    client.write(first, user=7)
    client.write(second, page=2)

    assert client.read(third) == {"user": 7, "page": 2}


def test_a_takeover_leaves_the_failover_node_of_the_new_server() -> None:
    """Checklist line 53: what one server may use is what another keeps for emergencies."""
    with Cluster(2) as cluster:
        first, second = cluster.server("a", failover_nodes="n2"), cluster.server("b", failover_nodes="n1")
        client = Client()
        client.write(first, user=7)
        assert client.node == "n1"

        assert client.read(second) == {"user": 7}
        assert (client.node, client.route) == ("n2", "b")
        assert "n2" in cluster.holders(client.sid)  # and on n1 as long as the save is contested (R16)


def test_a_user_stays_logged_in(cluster: Cluster) -> None:
    """Checklist line 50: what a framework's login keeps in the session (user id, hash) is there on the other server;
    the login of servlet containers is no part of the contract.
    """
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    with client.request(first) as session:
        session["_auth_user_id"] = "7"
        session.rotate()

    assert client.read(second) == {"_auth_user_id": "7"}


def test_the_old_owner_looks_again_when_a_session_comes_back(cluster: Cluster) -> None:
    """Its local copy is older than what the other process stored, and the id says so."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    client.write(second, user=8)

    assert client.read(first) == {"user": 8}
    assert client.route == "a"


def test_after_a_takeover_every_request_looks_until_a_quiet_window_has_passed(cluster: Cluster) -> None:
    """A request of the first server may still be under way; then the look that finds nothing new ends it (R1, R2)."""
    clock = Clock()
    first, client = cluster.server("a", clock=Clock()), Client()
    second = cluster.server("b", clock=clock, quiet_window=30)
    client.write(first, user=7)
    client.read(second)

    def commands() -> int:
        before = cluster.counts()
        client.read(second)
        return cluster.counts() - before

    assert commands() == 1
    clock.ahead += 31
    assert [commands(), commands()] == [1, 0]


def test_an_update_of_a_request_that_was_under_way_is_seen(cluster: Cluster) -> None:
    """R1, without any fault: two servers serve one session at the same time, and both updates are there."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    slow = Client(client.cookie)

    with slow.request(first) as session:
        session["from_a"] = 1
        client.write(second, from_b=2)

    assert client.read(second) == {"user": 7, "from_a": 1, "from_b": 2}
