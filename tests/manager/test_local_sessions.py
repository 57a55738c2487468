"""The bounds of the sessions in a process: who leaves, and who never does."""

from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster

from memcached_sessions.manager import EventKind
from memcached_sessions.manager.local_sessions import LOOKED_AT


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One node."""
    with Cluster(1) as cluster:
        yield cluster


def test_the_least_recently_used_session_leaves_and_comes_back(cluster: Cluster) -> None:
    """Nobody notices: it is loaded from its node."""
    server = cluster.server(clock=Clock(), max_local_sessions=3)
    clients = [Client() for _ in range(4)]
    for number, client in enumerate(clients[:3]):
        client.write(server, number=number)
    clients[0].read(server)

    clients[3].write(server, number=3)

    assert server.health().sessions == 3
    before = cluster.counts()
    assert [clients[number].read(server) for number in (0, 2, 3)] == [{"number": 0}, {"number": 2}, {"number": 3}]
    assert cluster.counts() == before
    assert clients[1].read(server) == {"number": 1}
    assert len(server.told_of(EventKind.TAKEN_OVER)) == 1


def test_bytes_are_bounded_too(cluster: Cluster) -> None:
    """By the size of what is backed up."""
    server = cluster.server(max_local_bytes=5_000)
    clients = [Client() for _ in range(20)]
    for client in clients:
        client.write(server, blob="x" * 1_000)

    assert 3 <= server.health().sessions <= 5
    assert all(client.read(server) == {"blob": "x" * 1_000} for client in clients)


def test_a_session_that_is_not_backed_up_stays(cluster: Cluster) -> None:
    """It would be lost; clean ones leave in its place."""
    server = cluster.server(clock=Clock(), max_local_sessions=2)
    large = Client()
    large.write(server, blob="x" * 2_000_000)
    for number in range(5):
        Client().write(server, number=number)

    assert server.health().sessions == 2
    assert len(large.read(server)["blob"]) == 2_000_000


def test_sessions_that_must_stay_do_not_keep_others(cluster: Cluster) -> None:
    """However many they are, and although they are the oldest: only so many are looked at, but not the same again."""
    server = cluster.server(clock=Clock(), max_local_sessions=2, max_session_bytes=1_000)
    for _ in range(LOOKED_AT + 6):
        Client().write(server, blob="x" * 2_000)
    for number in range(10):
        Client().write(server, number=number)

    health = server.health()
    assert health.unbacked == LOOKED_AT + 6
    assert health.sessions <= health.unbacked + 2


def test_all_sessions_stay_while_no_node_answers(cluster: Cluster) -> None:
    """The bound is exceeded rather than a session lost."""
    server = cluster.server(clock=Clock(), max_local_sessions=2)
    cluster.kill()
    clients = [Client() for _ in range(5)]
    for number, client in enumerate(clients):
        client.write(server, number=number)

    assert [client.read(server) for client in clients] == [{"number": number} for number in range(5)]


def test_the_bound_holds_again_when_the_node_is_back(cluster: Cluster) -> None:
    """All of the outage are stored first, and then the next session that begins makes room."""
    server, clients = cluster.server(max_local_sessions=3), [Client() for _ in range(12)]
    cluster.kill()
    for number, client in enumerate(clients):
        client.write(server, number=number)
    assert server.health().sessions == server.health().unbacked == 12

    cluster.start()
    server.wait_until_up("n1")
    assert server.drain(5) == 0
    Client().write(server, number=12)

    assert server.health().sessions == 3
    assert [client.read(server) for client in clients] == [{"number": number} for number in range(12)]
    assert server.health().sessions == 3


def test_a_session_that_a_request_uses_stays(cluster: Cluster) -> None:
    """Else two requests of one process would have two copies."""
    server, client = cluster.server(clock=Clock(), max_local_sessions=1), Client()
    client.write(server, user=7)

    with client.request(server) as session:
        session["page"] = 2
        for number in range(3):
            Client().write(server, number=number)
        with server.request(client.cookie) as parallel:
            assert parallel["page"] == 2

    assert client.read(cluster.server("b")) == {"user": 7, "page": 2}


def test_a_request_lets_go_once_however_often_it_says_so(cluster: Cluster) -> None:
    """Checklist line 20 (by request, not by thread): a second release takes nothing from another request."""
    server, client = cluster.server(clock=Clock(), max_local_sessions=1), Client()
    client.write(server, user=7)
    one, other = server.open(client.cookie), server.open(client.cookie)
    for _ in range(3):
        server.release(one)

    Client().write(server, number=1)

    assert server.open(client.cookie).loaded
    assert other == {"user": 7}


def test_many_sessions_come_and_go(cluster: Cluster) -> None:
    """Taking over keeps the bound as well."""
    first, second = cluster.server("a"), cluster.server("b", max_local_sessions=10)
    clients = [Client() for _ in range(40)]
    for number, client in enumerate(clients):
        client.write(first, number=number)

    assert [client.read(second) for client in clients] == [{"number": number} for number in range(40)]
    assert second.health().sessions <= 10
