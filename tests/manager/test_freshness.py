"""When a local copy is served without asking a node: ``trust``, ``revalidate``, ``auto``, and what tips ``auto``."""

import logging
from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, Server

from memcached_sessions.manager import ConfigurationError, SessionManager


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One node, which is enough for a look."""
    with Cluster(1) as cluster:
        yield cluster


def looks(cluster: Cluster, server: Server, client: Client) -> int:
    """Return how many commands a reading request sends."""
    before = cluster.counts()
    client.read(server)
    return cluster.counts() - before


@pytest.mark.parametrize(
    ("freshness", "route", "expected"),
    [("trust", "a", 0), ("auto", "a", 0), ("auto", None, 1), ("revalidate", "a", 1), ("revalidate", None, 1)],
)
def test_a_local_copy_is_asked_for_as_the_setting_says(
    cluster: Cluster, freshness: str, route: str | None, expected: int
) -> None:
    """One command at each request, or none."""
    server, client = cluster.server(route, clock=Clock(), freshness=freshness), Client()
    client.write(server, user=7)
    assert [looks(cluster, server, client) for _ in range(3)] == [expected] * 3
    assert server.health().revalidates is bool(expected)


def test_trust_without_a_route_is_refused() -> None:
    """No id would say which process holds the session."""
    with pytest.raises(ConfigurationError, match="route"):
        SessionManager("memory://", freshness="trust")


def test_the_look_sends_no_session(cluster: Cluster) -> None:
    """However large it is."""
    server, client = cluster.server("a", clock=Clock(), freshness="revalidate"), Client()
    client.write(server, blob="x" * 100_000)
    before = int(cluster["n1"].statistics()["bytes_written"])

    for _ in range(5):
        client.read(server)

    assert int(cluster["n1"].statistics()["bytes_written"]) - before < 10_000


@pytest.mark.parametrize(("freshness", "seen"), [("revalidate", 8), ("trust", 7)])
def test_a_write_elsewhere_is_seen_at_once_only_with_revalidation(cluster: Cluster, freshness: str, seen: int) -> None:
    """Two processes of one route, and an id that names the first: what ``trust`` is not for (I4)."""
    first, second = (cluster.server("a", clock=Clock(), freshness=freshness) for _ in range(2))
    client = Client()
    client.write(first, user=7)
    old = Client(client.cookie)
    client.write(second, user=8)

    assert old.read(first) == {"user": seen}


def test_trust_ends_with_the_touch_interval(cluster: Cluster) -> None:
    """Then a node is asked, whatever the mode, and says what happened elsewhere."""
    clock, client = Clock(), Client()
    first, second = cluster.server("a", clock=clock, freshness="trust"), cluster.server("b", clock=Clock())
    client.write(first, user=7)
    old = Client(client.cookie)
    client.write(second, user=8)

    clock.ahead += 451

    assert old.read(first) == {"user": 8}


def test_trust_can_be_made_shorter(cluster: Cluster) -> None:
    """``local_trust`` is the longest time without a look."""
    clock, client = Clock(), Client()
    server = cluster.server("a", clock=clock, local_trust=5)
    client.write(server, user=7)
    assert looks(cluster, server, client) == 0
    clock.ahead += 5.1
    assert [looks(cluster, server, client), looks(cluster, server, client)] == [1, 0]


def bounce(server: Server, other: Server, sessions: int, requests: int) -> None:
    """Have sessions that a server knows come back to it under the id of another one."""
    for _ in range(sessions):
        client = Client()
        client.write(server, user=7)
        foreign = f"{client.sid}-n1.b~elsewher"
        for _ in range(requests):
            Client(foreign).read(server)
    assert other


def test_sessions_that_bounce_make_auto_revalidate_and_are_logged_once(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    """More than 5 % of the recent requests met a local copy under the id of another process."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, user=7)
    for _ in range(150):
        client.read(server)
    assert not server.health().revalidates

    with caplog.at_level(logging.WARNING, logger="memcached_sessions"):
        bounce(server, server, sessions=5, requests=20)

    assert server.health().revalidates
    assert len(caplog.records) == 1
    assert 'freshness="revalidate"' in caplog.text
    assert looks(cluster, server, client) == 1


def test_few_sessions_that_bounce_do_not(cluster: Cluster) -> None:
    """Under 5 %: a browser that was moved, and sends some requests with its old id."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, user=7)
    for _ in range(50):
        for _ in range(39):
            client.read(server)
        Client(f"{client.sid}-n1.b~elsewher").read(server)

    assert not server.health().revalidates


def test_an_id_that_names_no_process_says_nothing_of_bouncing(cluster: Cluster) -> None:
    """As Django's session keys: the node is asked for them each time, and for them alone."""
    server, client = cluster.server("a", clock=Clock(), quiet_window=0.001), Client()
    client.write(server, user=7)
    for bare in (client.sid, f"{client.sid}-n1"):
        assert [looks(cluster, server, Client(bare)) for _ in range(150)] == [1] * 150

    assert not server.health().revalidates


def test_too_few_requests_say_nothing(cluster: Cluster) -> None:
    """Under a hundred, whatever they are."""
    server = cluster.server("a", clock=Clock())
    bounce(server, server, sessions=3, requests=30)
    assert not server.health().revalidates


def test_takeovers_are_no_bouncing(cluster: Cluster) -> None:
    """A server died, and all its sessions come to this one, each with several requests at once."""
    first, second = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock())
    clients = [Client() for _ in range(60)]
    for client in clients:
        client.write(first, user=7)

    for client in clients:
        together = [second.open(client.cookie) for _ in range(4)]
        for session in together:
            assert session == {"user": 7}
        for session in together:
            client.take(second.commit(session))
            second.release(session)

    assert not second.health().revalidates
