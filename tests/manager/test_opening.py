"""A request opens its session: what is asked of the nodes, what an id is worth, and what an unknown one gets."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster import Client, Clock, Cluster

from memcached_sessions.manager import CookieKind, EventKind

UNKNOWN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def test_nothing_is_sent_before_the_first_access(cluster: Cluster) -> None:
    """Checklist line 31: a request that does not look at its session costs nothing, also where it is not known."""
    server, other, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(server, user=7)
    before = cluster.counts()

    with client.request(other):
        pass

    assert cluster.counts() == before
    assert client.route == "a"


def test_requests_that_only_read_send_nothing_at_all(cluster: Cluster) -> None:
    """Checklist line 31: with a route a local session is served and compared without a command."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, cart={"items": [1]})
    before = cluster.counts()

    for _ in range(20):
        assert client.read(server) == {"cart": {"items": [1]}}

    assert cluster.counts() == before


def test_without_a_route_every_request_asks_the_home_node_once(cluster: Cluster) -> None:
    """No id says which process has the newest state, so one command without the value finds out."""
    server, client = cluster.server(None, clock=Clock()), Client()
    client.write(server, user=7)
    before = cluster.counts()

    for _ in range(5):
        client.read(server)

    assert cluster.counts() - before == 5


def test_a_session_without_data_leaves_no_trace(cluster: Cluster) -> None:
    """Checklist line 25: without an id and without data nothing is stored, and no cookie is set."""
    server, client = cluster.server(clock=Clock()), Client()
    before = cluster.counts()

    client.read(server)

    assert client.has_taken(CookieKind.NOTHING)
    assert (cluster.counts(), server.health().sessions) == (before, 0)


def test_a_session_is_stored_when_only_the_response_has_a_cookie(cluster: Cluster) -> None:
    """Checklist line 25: the first request of a client has no id, and its session is backed up all the same."""
    server, client = cluster.server(), Client()

    client.write(server, user=7)

    assert client.has_taken(CookieKind.SET)
    assert cluster.holders(client.sid) == [client.node]


def test_a_session_is_backed_up_in_a_client_without_cookies(cluster: Cluster) -> None:
    """Checklist line 41: the id alone is enough, however it travels; memcached has the session after the request."""
    server = cluster.server()
    with server.request(None) as session:
        session["user"] = 7
    in_the_url = session.id

    with server.request(in_the_url) as session:
        assert session["user"] == 7

    assert len(cluster.holders(in_the_url[:32])) == 1


@pytest.mark.parametrize(
    "cookie",
    [
        UNKNOWN,
        f"{UNKNOWN}-n1",
        f"{UNKNOWN}-n1.a",
        f"{UNKNOWN}-n9.a~zzz",
        f"{UNKNOWN.upper()}-n1",
        f"{UNKNOWN}-n1.a~x\n",
        "123456",
        "../../etc/passwd",
        "",
        f"{UNKNOWN}0",
        "\ud800",
    ],
)
def test_an_unknown_id_is_never_adopted(cluster: Cluster, cookie: str) -> None:
    """Checklist lines 28 and 40, defect Q13: what a client made up gets a fresh id, and nothing is stored under it."""
    server, client = cluster.server("a"), Client(cookie)

    client.write(server, user=7)

    assert client.sid != UNKNOWN
    assert client.read(server) == {"user": 7}
    assert cluster.holders(UNKNOWN) == []


def test_a_changed_id_finds_nothing(cluster: Cluster) -> None:
    """One digit of the secret is another session."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)
    assert client.cookie
    digit = "1" if client.cookie[0] == "0" else "0"

    assert Client(digit + client.cookie[1:]).read(server) == {}


@pytest.mark.parametrize("node", ["n1", "n2", "n77"])
def test_a_lie_about_node_and_route_costs_a_look_and_nothing_else(cluster: Cluster, node: str) -> None:
    """Node and route are hints: who has the secret has the session, and gets the right hints back."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)
    right = client.cookie
    liar = Client(f"{client.sid}-{node}.elsewhere~x")

    assert liar.read(server) == {"user": 7}
    assert liar.cookie == right


def test_an_id_of_a_single_node_without_a_name_has_no_node_part() -> None:
    """Checklist line 39: the id stays as it is, and the session is found again, also by another process."""
    with Cluster(1, named=False) as cluster:
        server, other, client = cluster.server(None), cluster.server(None), Client()
        client.write(server, user=7)
        cookie = client.cookie

        assert client.read(server) == client.read(other) == {"user": 7}
        assert (client.cookie, cookie) == (client.sid, client.sid)


def test_an_id_of_a_single_node_with_a_name_has_it() -> None:
    """Checklist line 39: the configured node is in the id."""
    with Cluster(1) as cluster:
        client = Client()
        client.write(cluster.server(None), user=7)
        assert client.cookie == f"{client.sid}-n1"


def test_parallel_requests_load_a_session_once(cluster: Cluster) -> None:
    """Checklist lines 35 and 51: one request asks both nodes, the others wait for its answer."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(first, user=7)
    together = threading.Barrier(8)
    before = cluster.counts("cmd_get")

    def read(_: int) -> object:
        with second.request(client.cookie) as session:
            together.wait()
            return session["user"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [7] * 8

    assert cluster.counts("cmd_get") - before == 2
    assert len(second.told_of(EventKind.TAKEN_OVER)) == 1


def test_a_session_exists_here_or_on_a_node(cluster: Cluster) -> None:
    """Asking does not load it."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    assert client.cookie

    assert first.exists(client.cookie)
    assert second.exists(client.cookie)
    assert second.health().sessions == 0
    assert not second.exists(f"{UNKNOWN}-n1")
    assert not second.exists("no id")
