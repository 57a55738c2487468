"""What listeners are told, in which order; and that neither they nor the log get to know a session's id."""

import logging
from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, Server

from memcached_sessions.manager import Event, EventKind


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def kinds(server: Server) -> list[EventKind]:
    """Return what a server was told, without what concerns nodes."""
    return [event.kind for event in server.told if event.key]


def test_the_life_of_a_session_is_told(cluster: Cluster) -> None:
    """From its first request to its last one, in two processes."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(first, user=7)
    client.read(first)
    client.write(first, user=8)
    client.write(second, page=2)
    with client.request(second) as session:
        session.destroy()

    assert kinds(first) == [EventKind.CREATED, EventKind.BACKED_UP, EventKind.BACKED_UP]
    assert kinds(second) == [EventKind.TAKEN_OVER, EventKind.BACKED_UP, EventKind.DESTROYED]


def test_an_outage_is_told(cluster: Cluster) -> None:
    """The node that went down, and where its session is now."""
    server, client = cluster.server(clock=Clock()), Client()
    client.write(server, user=7)
    old = client.node
    server.told.clear()
    cluster.kill(old)

    client.write(server, user=8)

    assert [event.kind for event in server.told] == [EventKind.NODE_DOWN, EventKind.RELOCATED, EventKind.BACKED_UP]
    down, moved, _ = server.told
    assert (down.node, down.key, moved.node, moved.detail) == (old, "", client.node, f"from {old}")


def test_a_listener_that_raises_disturbs_nobody(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged; the others are told, and the request goes on."""
    server, client, later = cluster.server(), Client(), list[Event]()

    def fail(_: Event) -> None:
        raise ZeroDivisionError

    server.listen(fail)
    server.listen(later.append)
    with caplog.at_level(logging.ERROR, logger="memcached_sessions"):
        client.write(server, user=7)

    assert client.read(server) == {"user": 7}
    assert [event.kind for event in later] == [EventKind.CREATED, EventKind.BACKED_UP]
    assert "a listener failed" in caplog.text


def test_no_event_and_no_log_record_has_an_id(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    """A log is read by people who are not to have a user's session: keys are hashes."""
    server, other, client = cluster.server("a"), cluster.server("b"), Client()
    server.listen(lambda _: 1 // 0)
    sids = set[str]()

    def note() -> None:
        sids.add(client.sid)

    with caplog.at_level(logging.DEBUG):
        client.write(server, user=7)
        note()
        client.write(other, page=2)
        client.write(server, page=3)
        cluster[client.node].freeze()
        client.write(server, user=8)
        with client.request(server) as session:
            session.rotate()
        note()
        client.write(server, blob="x" * 2_000_000)
        with client.request(server) as session:
            session.destroy()

    logged = " ".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    told = " ".join(repr(event) for event in (*server.told, *other.told))
    assert len(sids) == 2
    assert logged
    assert not [sid for sid in sids if sid in logged or sid in told]


def test_an_error_of_a_store_has_no_id(cluster: Cluster) -> None:
    """It names the node and the key."""
    server, other, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(server, user=7)
    assert client.cookie
    cluster.kill()
    with pytest.raises(Exception, match="n1") as caught:
        other.exists(client.cookie)
    assert client.sid not in str(caught.value)


def test_health_says_how_nodes_and_sessions_do(cluster: Cluster) -> None:
    """Before, during and after an outage of all nodes."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    assert [node.available for node in server.health().nodes] == [True, True]
    assert (server.health().sessions, server.health().unbacked) == (1, 0)

    cluster.kill()
    client.write(server, user=8)
    server.wait_until_down("n1", "n2")
    health = server.health()
    assert (health.sessions, health.unbacked) == (1, 1)
    assert all(node.problem and node.debts for node in health.nodes)

    cluster.start()
    server.wait_until_up("n1", "n2")
    assert [(node.problem, node.debts) for node in server.health().nodes] == [("", 0), ("", 0)]


def test_drain_waits_until_everything_is_backed_up(cluster: Cluster) -> None:
    """And says how much is not, when its time is over."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)
    cluster.kill()
    client.write(server, user=8)
    server.wait_until_down("n1", "n2")

    assert server.drain(0.1) == 1
    cluster.start()
    assert server.drain(10) == 0

    assert client.read(cluster.server("b")) == {"user": 8}


def test_closing_stores_what_was_not_backed_up(cluster: Cluster) -> None:
    """Once, without waiting; and again does nothing."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, user=7)
    client.write(server, blob="x" * 2_000_000)
    live = server.open(client.cookie)
    live["blob"] = "small"
    server.release(live)

    server.close()
    server.close()

    assert client.read(cluster.server("b")) == {"user": 7, "blob": "small"}
