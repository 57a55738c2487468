"""A session gets another id, or ends: what others do with the old id afterwards, and who tells the client."""

from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster

from memcached_sessions.manager import CookieKind, EventKind


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def rotate(client: Client, server: object) -> None:
    """Rotate in a request of its own."""
    with client.request(server) as session:  # type: ignore[arg-type]
        session.rotate()


def destroy(client: Client, server: object) -> None:
    """Destroy in a request of its own."""
    with client.request(server) as session:  # type: ignore[arg-type]
        session.destroy()


def test_rotation_moves_the_session_to_a_new_id(cluster: Cluster) -> None:
    """Checklist line 32: also when the request changes nothing else; the old key is dead, the new one is stored."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    old = client.sid

    rotate(client, server)

    assert client.has_taken(CookieKind.SET)
    assert client.sid != old
    assert client.read(server) == {"user": 7}
    assert cluster.holders(client.sid) == [client.node]
    assert (cluster.holders(old), cluster.tombs(old)) == ([], ["n1", "n2"])


def test_the_old_id_is_dead_in_every_process_after_a_rotation(cluster: Cluster) -> None:
    """Checklist line 32: also where the session is in the process, as soon as the response was made."""
    first, second, third = (cluster.server(route) for route in "abc")
    client = Client()
    client.write(first, user=7)
    client.read(second)
    old = Client(client.cookie)

    rotate(client, second)

    for server in (second, third):
        assert old.read(server) == {}
    old.cookie = f"{old.sid}-{client.node}.c~x"
    assert old.read(first) == {}
    assert [client.read(server) for server in (second, third, first)] == [{"user": 7}] * 3


def test_a_parallel_request_with_the_old_id_is_not_given_the_new_one(cluster: Cluster) -> None:
    """R19: it shares the session, and its response leaves the cookie alone; only the rotating response sets it."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    parallel = Client(client.cookie)
    with parallel.request(server) as session:
        assert session["user"] == 7
        rotate(client, server)
        session["page"] = 2

    assert parallel.has_taken(CookieKind.NOTHING)
    assert client.read(server) == {"user": 7, "page": 2}
    assert client.read(cluster.server("b")) == {"user": 7, "page": 2}


def test_a_request_that_began_before_the_new_id_was_known_may_follow(cluster: Cluster) -> None:
    """R19: it began before the client was told, so it is the client's; what begins later with the old id is not."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    parallel, late = Client(client.cookie), Client(client.cookie)
    under_way = server.open(f"{client.sid}-{client.node}")  # not looked at yet, as of another route

    rotate(client, server)

    assert under_way == {"user": 7}
    parallel.take(server.commit(under_way))
    server.release(under_way)
    assert parallel.has_taken(CookieKind.NOTHING)
    assert late.read(server) == {}


def test_of_two_rotations_at_once_the_later_one_counts(cluster: Cluster) -> None:
    """Whoever rotated first may be whom the second rotation is to keep out."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    parallel = Client(client.cookie)
    with client.request(server) as one, parallel.request(server) as other:
        one.rotate()
        sid = one.sid
        other["secret"] = 1
        other.rotate()
        assert other.sid != sid

    assert parallel.has_taken(CookieKind.SET)
    assert parallel.read(server) == {"user": 7, "secret": 1}
    assert Client(client.cookie).read(server) == {}
    assert Client(f"{sid}-{parallel.node}.a").read(server) == {}


def test_no_id_is_left_behind_by_two_rotations_in_a_request(cluster: Cluster) -> None:
    """A login that also changes privileges rotates twice."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    old = client.cookie
    with client.request(server) as session:
        session.rotate()
        between = session.id
        session.rotate()
        session["secret"] = 1

    assert client.read(server) == {"user": 7, "secret": 1}
    assert Client(old).read(server) == Client(between).read(server) == {}


def test_a_request_that_fails_after_a_rotation_still_says_the_new_id(cluster: Cluster) -> None:
    """Its cookie is known at once, and the old id leads nowhere when the request is over."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    session = server.open(client.cookie)
    session.rotate()
    server.release(session)  # with no commit

    assert session.cookie.kind is CookieKind.SET
    assert Client(session.cookie.value).read(server) == {"user": 7}
    assert client.read(server) == {}


def test_what_another_process_stored_under_the_old_id_is_kept(cluster: Cluster) -> None:
    """R14: a rotation takes what was acknowledged under the old id with it."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b"), Client()
    client.write(first, user=7)
    parallel = Client(client.cookie)

    with client.request(first) as session:
        assert session["user"] == 7
        parallel.write(second, page=2)
        session.rotate()

    assert client.read(first) == {"user": 7, "page": 2}
    assert client.read(cluster.server("c")) == {"user": 7, "page": 2}


def test_a_session_without_data_gets_another_id_too(cluster: Cluster) -> None:
    """A login page rotates before it writes: the id that is then set is none that came."""
    server, client = cluster.server(), Client("0123456789abcdef0123456789abcdef-n1")
    with client.request(server) as session:
        session.rotate()
        session["user"] = 7

    assert client.sid != "0123456789abcdef0123456789abcdef"
    assert client.read(server) == {"user": 7}


def test_a_rotation_with_all_nodes_down_goes_on_in_the_process(cluster: Cluster) -> None:
    """A login is no error then, and the old id is dead everywhere when the nodes have returned."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    old = Client(client.cookie)
    for node in cluster.nodes.values():
        node.freeze()
    first.wait_until_down("n1", "n2")

    rotate(client, first)
    assert client.read(first) == {"user": 7}

    for node in cluster.nodes.values():
        node.resume()
    first.wait_until_up("n1", "n2")
    second.wait_until_up("n1", "n2")
    assert old.read(second) == {}
    assert client.read(second) == {"user": 7}


def test_a_destroyed_session_is_dead_on_all_nodes(cluster: Cluster) -> None:
    """Checklist line 42: marked as dead, and the cookie is deleted."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    old = Client(client.cookie)

    destroy(client, server)

    assert client.has_taken(CookieKind.DELETE)
    assert (cluster.holders(old.sid), cluster.tombs(old.sid)) == ([], ["n1", "n2"])
    assert old.read(server) == old.read(cluster.server("b")) == {}


def test_a_write_in_another_process_after_a_logout_is_dropped(cluster: Cluster) -> None:
    """Destroyed wins over every later write, with an event, and the client's cookie is left alone."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    old, slow = Client(client.cookie), Client(client.cookie)

    with slow.request(second) as session:
        session["page"] = 2
        destroy(client, first)

    assert slow.has_taken(CookieKind.NOTHING)
    assert len(second.told_of(EventKind.DROPPED)) == 1
    assert old.read(first) == old.read(second) == {}


def test_a_write_of_a_parallel_request_after_a_logout_is_dropped(cluster: Cluster) -> None:
    """In the same process; only the request that destroyed the session deletes the cookie."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    parallel, old = Client(client.cookie), Client(client.cookie)

    with parallel.request(server) as session:
        session["page"] = 2
        destroy(client, server)

    assert parallel.has_taken(CookieKind.NOTHING)
    assert client.has_taken(CookieKind.DELETE)
    assert len(server.told_of(EventKind.DROPPED)) == 1
    assert old.read(server) == {}


def test_a_parallel_request_that_only_reads_drops_nothing(cluster: Cluster) -> None:
    """There is nothing to tell."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    with Client(client.cookie).request(server) as session:
        assert session["user"] == 7
        destroy(client, server)

    assert server.told_of(EventKind.DROPPED) == []


def test_what_is_written_after_a_logout_in_its_request_begins_a_new_session(cluster: Cluster) -> None:
    """A flash message for the next page, under another id."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    old = Client(client.cookie)

    with client.request(server) as session:
        session.destroy()
        assert session == {}
        assert session.is_new
        session["flash"] = "bye"

    assert client.has_taken(CookieKind.SET)
    assert client.sid != old.sid
    assert client.read(server) == {"flash": "bye"}
    assert old.read(server) == {}


def test_the_next_request_after_a_logout_has_no_cookie_deleted_again(cluster: Cluster) -> None:
    """A browser that still sends the dead id may have got a newer one from a parallel response."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    late = Client(client.cookie)
    destroy(client, server)

    late.read(server)

    assert late.has_taken(CookieKind.NOTHING)


def test_a_session_that_was_never_stored_ends_without_a_command(cluster: Cluster) -> None:
    """Begun and ended in one request."""
    server, client = cluster.server(clock=Clock()), Client()
    before = cluster.counts()

    with client.request(server) as session:
        session["user"] = 7
        session.destroy()

    assert cluster.counts() == before
    assert client.has_taken(CookieKind.NOTHING)


def test_destroying_what_nobody_could_be_asked_about_ends_it(cluster: Cluster) -> None:
    """The nodes are down, another process had the session: it is dead when they are back."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    old = Client(client.cookie)
    second.open(None)
    first.close()
    cluster[client.node].freeze()
    second.wait_until_down(client.node)

    destroy(client, second)
    assert client.has_taken(CookieKind.DELETE)

    cluster[old.node].resume()
    second.wait_until_up(old.node)
    assert old.read(second) == {}
    assert cluster.tombs(old.sid) == ["n1", "n2"]


def test_an_evicted_backup_is_no_logout(cluster: Cluster) -> None:
    """A node that has lost a session says nothing about it: the process that holds it stores it again."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, user=7)
    cluster[client.node].flush()

    client.write(server, page=2)

    assert client.read(cluster.server("b")) == {"user": 7, "page": 2}
