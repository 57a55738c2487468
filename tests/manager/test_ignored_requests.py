"""Requests whose path matches ``request_uri_ignore_pattern``, and managers that are switched off: no node is asked."""

from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, eventually

from memcached_sessions.manager import CookieKind, EventKind

PATTERN = r"/static/.*|/favicon\.ico"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


@pytest.mark.parametrize("path", ["/static/a.css", "/favicon.ico"])
def test_an_ignored_request_asks_and_stores_nothing(cluster: Cluster, path: str) -> None:
    """Checklist line 27: also where the session is not known, and also if the request writes."""
    first, client = cluster.server("a"), Client()
    second = cluster.server("b", clock=Clock(), request_uri_ignore_pattern=PATTERN)
    client.write(first, user=7)
    cookie, before = client.cookie, cluster.counts()

    with client.request(second, path) as session:
        assert session == {}
        session["page"] = 2

    assert cluster.counts() == before + 0
    assert (client.cookie, client.action.kind) == (cookie, CookieKind.NOTHING)
    assert len(second.told_of(EventKind.DROPPED)) == 1


def test_an_ignored_request_sees_the_session_of_its_process(cluster: Cluster) -> None:
    """Checklist line 27: it is at hand, so it is shown; it is not backed up at its end."""
    server, client = cluster.server(clock=Clock(), request_uri_ignore_pattern=PATTERN), Client()
    client.write(server, user=7)
    before = cluster.counts()

    with client.request(server, "/static/a.css") as session:
        assert session["user"] == 7
        session["user"] = 8

    assert cluster.counts() == before


@pytest.mark.parametrize("path", ["/", "/static", "/a/static/b", "/favicon.ico/x", "/faviconxico"])
def test_the_pattern_matches_the_whole_path_and_nothing_but_the_path(cluster: Cluster, path: str) -> None:
    """Defect Q5: no method in front, no query behind, and not a part of it."""
    server, client = cluster.server(request_uri_ignore_pattern=PATTERN), Client()

    with client.request(server, path) as session:
        session["user"] = 7

    assert client.has_taken(CookieKind.SET)
    assert cluster.holders(client.sid)


def test_a_method_is_no_part_of_what_the_pattern_matches(cluster: Cluster) -> None:
    """Defect Q5: a pattern that begins with one matches nothing, and one without it any method."""
    server = cluster.server(request_uri_ignore_pattern="/a|POST /b")
    for method, path, ignored in (("POST", "/a", True), ("GET", "/a", True), ("POST", "/b", False)):
        with server.request(None, method=method, path=path) as session:
            session["user"] = 7
        assert (session.cookie.kind is CookieKind.NOTHING) is ignored


def test_a_manager_that_is_off_sends_nothing(cluster: Cluster) -> None:
    """Checklist line 46, as far as it starts so: sessions live in the process, whatever happens to them."""
    before = cluster.counts()
    server, client = cluster.server(enabled=False), Client()

    client.write(server, user=7)
    client.write(server, page=2)
    with client.request(server) as session:
        session.rotate()
    assert client.read(server) == {"user": 7, "page": 2}
    assert server.drain(0.1) == 1
    assert client.node == ""
    old = Client(client.cookie)
    with client.request(server) as session:
        session.destroy()
    assert old.read(server) == {}
    server.close()

    assert cluster.counts() == before


def test_sessions_of_a_manager_that_is_off_end_in_time(cluster: Cluster) -> None:
    """Their limits hold all the same."""
    clock, client = Clock(), Client()
    server = cluster.server(enabled=False, clock=clock)
    client.write(server, user=7)

    clock.ahead += 1801

    assert client.read(server) == {}


def test_a_manager_that_is_off_forgets_sessions_that_nobody_asks_for(cluster: Cluster) -> None:
    """No watcher sweeps there, so requests of others do."""
    clock = Clock()
    server = cluster.server(enabled=False, clock=clock)
    for number in range(5):
        Client().write(server, number=number)
    clock.ahead += 1801

    Client().write(server, user=7)

    assert server.health().sessions == 1
    assert len(server.told_of(EventKind.EXPIRED)) == 5


def test_a_manager_that_is_off_has_no_more_sessions_than_it_may(cluster: Cluster) -> None:
    """None is backed up, and those that were used least recently end all the same."""
    server, clients = cluster.server(enabled=False, max_local_sessions=3), [Client() for _ in range(5)]
    for number, client in enumerate(clients):
        client.write(server, number=number)

    assert server.health().sessions == server.health().unbacked == 3
    assert [client.read(server) for client in clients] == [{}, {}, {"number": 2}, {"number": 3}, {"number": 4}]


def test_a_manager_that_is_off_has_no_more_bytes_than_it_may(cluster: Cluster) -> None:
    """Sessions that grow after they began count as what they are."""
    server, clients = cluster.server(enabled=False, max_local_bytes=5_000), [Client() for _ in range(20)]
    for client in clients:
        client.write(server, blob="")
    assert server.health().sessions == 20

    for client in clients:
        client.write(server, blob="x" * 1_000)

    assert 3 <= server.health().sessions <= 5


def test_a_parallel_request_follows_a_rotation_in_a_manager_that_is_off(cluster: Cluster) -> None:
    """The old id is dead for what comes later, as with nodes."""
    server, client = cluster.server(enabled=False, freshness="revalidate"), Client()
    client.write(server, user=7)
    parallel, late = server.open(client.cookie), Client(client.cookie)
    with client.request(server) as session:
        session.rotate()

    assert parallel == {"user": 7}
    assert late.read(server) == {}


def test_a_session_that_an_ignored_request_changed_is_stored_with_the_next(cluster: Cluster) -> None:
    """The attributes are those of the process, so nothing is lost either."""
    server, client = cluster.server("a", request_uri_ignore_pattern=PATTERN), Client()
    client.write(server, user=7)
    with client.request(server, "/static/a.css") as session:
        session["user"] = 8

    client.read(server)

    eventually(lambda: cluster.holders(client.sid))
    assert client.read(cluster.server("b")) == {"user": 8}
