"""The backup at the end of a request: what is stored where, what is not, and what happens when it cannot be."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster import Client, Clock, Cluster, Server

from memcached_sessions.manager import CookieKind, EventKind
from memcached_sessions.serializers import SerializationError


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def failures(server: Server) -> list[str]:
    """Return what was said about backups that failed."""
    return [event.detail for event in server.told_of(EventKind.BACKUP_FAILED)]


def test_a_session_is_in_memcached_when_its_request_has_ended(cluster: Cluster) -> None:
    """Checklist line 41: on exactly the node that the id names."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    assert cluster.holders(client.sid) == [client.node]


def test_only_sessions_that_changed_are_sent(cluster: Cluster) -> None:
    """Checklist line 30: three requests, of which the first two change something, are two writes."""
    server, client, sent = cluster.server(clock=Clock()), Client(), list[int]()
    before = cluster.counts("cmd_set")

    for value in (1, 2, 2):
        client.write(server, value=value)
        sent.append(cluster.counts("cmd_set") - before)

    assert sent == [1, 2, 2]


def test_changing_a_session_back_is_no_change(cluster: Cluster) -> None:
    """Checklist line 30: the bytes decide, not the calls."""
    server, client = cluster.server(clock=Clock()), Client()
    client.write(server, user=7)
    before = cluster.counts("cmd_set")

    with client.request(server) as session:
        session["user"] = 8
        session["other"] = 1
        del session["other"]
        session["user"] = 7

    assert cluster.counts("cmd_set") == before


def test_two_requests_in_one_instant_are_two_backups(cluster: Cluster) -> None:
    """Defect Q3: what was changed is found by comparing bytes, not times."""
    clock = Clock()
    clock.time = clock.monotonic = lambda: 1_800_000_000.0  # type: ignore[method-assign]
    server, client = cluster.server(clock=clock), Client()

    client.write(server, page=1)
    client.write(server, page=2)

    assert client.read(cluster.server("b")) == {"page": 2}


def test_removing_an_attribute_is_backed_up(cluster: Cluster) -> None:
    """Checklist line 38."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7, cart=[1])

    with client.request(server) as session:
        del session["cart"]

    assert client.read(cluster.server("b")) == {"user": 7}


def test_removing_the_last_attribute_is_backed_up(cluster: Cluster) -> None:
    """Checklist line 23: a session without attributes is a session."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)

    with client.request(server) as session:
        session.clear()

    with client.request(cluster.server("b")) as taken_over:
        assert not taken_over.is_new
        assert taken_over == {}


def test_parallel_requests_share_one_session_and_the_last_one_stores(cluster: Cluster) -> None:
    """Checklist line 35: the first to end stores what both have changed by then, the last one what is new since."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, user=7)
    before = cluster.counts("cmd_set")
    slow = server.open(client.cookie)
    fast = server.open(client.cookie)
    slow["slow"] = 1
    fast["fast"] = 1

    server.commit(fast)
    server.release(fast)
    server.commit(slow)
    server.release(slow)

    assert cluster.counts("cmd_set") - before == 1
    assert client.read(cluster.server("b")) == {"user": 7, "slow": 1, "fast": 1}


def test_a_backup_that_no_node_takes_fails_after_one_try_each(cluster: Cluster) -> None:
    """Checklist line 29: the failure is an event, the answer is sent, and the change is served from the process."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    cluster.kill()

    client.write(server, user=8)

    assert failures(server) == ["no node could be reached"]
    assert client.has_taken(CookieKind.NOTHING)
    assert client.read(server) == {"user": 8}
    assert server.health().unbacked == 1


def test_a_value_that_is_too_large_says_nothing_about_the_node(cluster: Cluster) -> None:
    """Defect Q11: the node stays up, the old backup stays, an event tells, and the session is served from here."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)

    client.write(server, blob="x" * 2_000_000)

    assert len(failures(server)) == 1
    assert server.told_of(EventKind.NODE_DOWN) == []
    assert len(client.read(server)["blob"]) == 2_000_000
    assert cluster.holders(client.sid) == [client.node]
    assert Client(client.cookie).read(cluster.server("b")) == {"user": 7}


def test_a_session_that_has_shrunk_again_is_backed_up(cluster: Cluster) -> None:
    """The failure before it leaves nothing behind."""
    server, client = cluster.server("a"), Client()
    client.write(server, blob="x" * 2_000_000)
    client.write(server, blob="x")

    assert client.read(cluster.server("b")) == {"blob": "x"}
    assert server.health().unbacked == 0


def test_the_largest_session_can_be_set(cluster: Cluster) -> None:
    """A bound of the application's own, under that of the server."""
    server, client = cluster.server("a", max_session_bytes=1000), Client()
    client.write(server, user=7)

    client.write(server, blob="x" * 2000)

    assert "max_session_bytes" in failures(server)[0]
    assert Client(client.cookie).read(cluster.server("b")) == {"user": 7}


def test_a_value_that_cannot_be_kept_is_an_error_with_its_path(cluster: Cluster) -> None:
    """Defect Q17: nothing is left out silently; the next request finds the session as it was, and works."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)

    with pytest.raises(SerializationError, match=r"cart\.items\[0\]"), client.request(server) as session:
        session["cart"] = {"items": [object()]}

    assert len(failures(server)) == 1
    assert client.read(server) == {"user": 7}
    client.write(server, user=8)
    assert client.read(cluster.server("b")) == {"user": 8}


def test_a_value_that_cannot_be_kept_makes_no_session(cluster: Cluster) -> None:
    """In the request that would have begun it."""
    server, client = cluster.server("a"), Client()

    with pytest.raises(SerializationError, match="thing"), client.request(server) as session:
        session["thing"] = object()

    assert (client.cookie, server.health().sessions) == (None, 0)


def test_a_value_that_cannot_be_kept_does_not_take_along_what_is_on_no_node(cluster: Cluster) -> None:
    """While all nodes are down only that value goes, and later requests work."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7, cart=["tea"])
    cluster.kill()
    client.write(server, page=2)

    with pytest.raises(SerializationError, match="cart"), client.request(server) as session:
        session.update(cart=object(), more=3)

    assert client.read(server) == {"user": 7, "cart": ["tea"], "page": 2, "more": 3}


def test_a_value_that_cannot_be_kept_fails_no_later_request_while_a_long_one_has_the_session(cluster: Cluster) -> None:
    """Such as a websocket: that value alone is taken back, and what others have set stays."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7, cart=["tea"])

    with client.request(server) as long_one:
        assert long_one["user"] == 7
        with pytest.raises(SerializationError, match="cart"), client.request(server) as session:
            session.update(cart=object(), bad=object())
        client.write(server, page=2)
        assert long_one["cart"] == ["tea"]

    assert client.read(cluster.server("b")) == {"user": 7, "cart": ["tea"], "page": 2}


def test_a_session_that_is_too_large_fails_no_later_request_while_a_long_one_has_it(cluster: Cluster) -> None:
    """No value alone is at fault; what the request has put in is taken back."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7, cart=["tea"])

    with client.request(server) as long_one:
        assert long_one["user"] == 7
        with pytest.raises(SerializationError), client.request(server) as session:
            session.update(first="x" * (3 << 20), second="y" * (3 << 20))
        client.write(server, page=2)

    assert client.read(cluster.server("b")) == {"user": 7, "cart": ["tea"], "page": 2}


def test_requests_that_come_and_go_beside_a_value_that_cannot_be_kept_are_told_of_that_alone(cluster: Cluster) -> None:
    """What they take out and put in meanwhile is theirs."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)
    errors: list[BaseException] = []

    def come_and_go(number: int) -> None:
        name = f"attribute {number % 2}"
        for attempt in range(100):
            try:
                with Client(client.cookie).request(server) as session:
                    session[name] = object() if attempt % 5 == 0 else attempt
                    session.pop(f"attribute {(number + 1) % 2}", None)
            except SerializationError:
                continue
            except BaseException as error:  # noqa: BLE001 - all of them are shown
                errors.append(error)

    with client.request(server) as long_one, ThreadPoolExecutor(4) as threads:
        assert long_one["user"] == 7
        list(threads.map(come_and_go, range(4)))

    assert errors == []
    assert client.read(server)["user"] == 7


def test_attributes_that_are_not_backed_up_stay_when_another_cannot_be_kept(cluster: Cluster) -> None:
    """They are on no node either."""
    server, client = cluster.server("a", session_attribute_filter="user|cart"), Client()
    client.write(server, user=7, connection=8)

    with pytest.raises(SerializationError, match="cart"), client.request(server) as session:
        session["cart"] = object()

    assert client.read(server) == {"user": 7, "connection": 8}


def test_an_exception_in_the_application_stores_nothing(cluster: Cluster) -> None:
    """What the request has changed is not promised to anybody; the next request that commits stores it."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, user=7)
    before = cluster.counts()

    with pytest.raises(ZeroDivisionError), client.request(server) as session:
        session["user"] = 1 // 0

    assert cluster.counts() == before
    assert client.read(server) == {"user": 7}
