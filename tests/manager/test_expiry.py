"""Sessions rest, age and end; their backups outlive them by as much as a touch may come late."""

from collections.abc import Iterator
from itertools import count

import pytest
from cluster import Client, Clock, Cluster, Server, eventually

from memcached_sessions.manager import EventKind
from memcached_sessions.manager.entry import LONGEST_MEMORY

DAY = 86_400
_names = count()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


@pytest.fixture
def clock() -> Clock:
    """What all processes of a test, and nodes in memory, read."""
    return Clock()


@pytest.fixture
def memory() -> str:
    """The address of a node in memory, whose items expire by the clock of the test: no test can wait for 30 minutes."""
    return f"memory://expiry-{next(_names)}"


@pytest.mark.parametrize(
    ("idle", "life"),
    [
        (1800, 1800 + 450 + 5),
        (60, 60 + 15 + 5),
        (DAY, DAY + 900 + 5),
        (30 * DAY, 30 * DAY + 905),
        (40 * DAY, 40 * DAY + 905),
    ],
)
def test_a_backup_lives_for_idle_limit_touch_interval_and_slack(cluster: Cluster, idle: int, life: int) -> None:
    """Checklist line 15, R17: also beyond 30 days, which memcached would take for a date."""
    client = Client()
    client.write(cluster.server(max_inactive_interval=idle), user=7)
    assert abs(cluster.left(client.node, client.sid) - life) <= 2


def test_a_session_without_limits_has_a_backup_without_end(cluster: Cluster) -> None:
    """Checklist line 33: in the backup, after a take-over and after a touch."""
    clock, client = Clock(), Client()
    client.write(cluster.server("a", max_inactive_interval=None), user=7)
    assert cluster.left(client.node, client.sid) == -1

    other = cluster.server("b", max_inactive_interval=None, clock=clock)
    client.read(other)
    clock.ahead += 1000
    client.read(other)
    assert cluster.left(client.node, client.sid) == -1


def test_a_backup_ends_with_the_absolute_limit(cluster: Cluster) -> None:
    """However long the session may rest."""
    client = Client()
    client.write(cluster.server(absolute_timeout=100), user=7)
    assert abs(cluster.left(client.node, client.sid) - 100) <= 2


def test_reading_keeps_the_backup_alive(cluster: Cluster, clock: Clock) -> None:
    """Checklist line 44, defect Q1: a skipped backup is made up for by a touch, which sends no session."""
    server, client = cluster.server(clock=clock), Client()
    client.write(server, user=7)
    key_is_old = f"mg {server.told_of(EventKind.CREATED)[0].key} T100\r\n".encode()
    assert cluster[client.node].say(key_is_old).startswith(b"HD")
    writes = cluster.counts("cmd_set")

    clock.ahead += 451
    client.read(server)

    assert cluster.left(client.node, client.sid) > 2200
    assert cluster.counts("cmd_set") == writes


def test_many_reading_requests_are_one_touch_in_an_interval(cluster: Cluster, clock: Clock) -> None:
    """Checklist line 44: a quarter of the idle limit, and nothing in between."""
    server, client = cluster.server(clock=clock), Client()
    client.write(server, user=7)
    before = cluster.counts()

    for _ in range(10):
        clock.ahead += 150
        client.read(server)

    touches = cluster.counts() - before
    assert 3 <= touches <= 4


def test_a_session_that_is_only_read_outlives_many_idle_limits(memory: str, clock: Clock) -> None:
    """Checklist line 44: requests at any distance under the limit keep it, here and for the process that takes over."""
    client = Client()
    with Server(memory, route="a", runtime=clock) as first, Server(memory, route="b", runtime=clock) as second:
        client.write(first, user=7)
        for seconds in (449, 1799, 1799, 10, 440, 1799, 1700):
            clock.ahead += seconds
            assert client.read(first) == {"user": 7}
        clock.ahead += 1799
        assert client.read(second) == {"user": 7}


def test_an_expired_session_is_gone_from_the_node(memory: str, clock: Clock) -> None:
    """Checklist line 42: at most a touch interval and the slack later."""
    client = Client()
    with Server(memory, route="a", runtime=clock) as first, Server(memory, route="b", runtime=clock) as second:
        client.write(first, user=7)
        assert client.cookie
        clock.ahead += 1800 + 450 + 5

        assert not second.exists(client.cookie)
        assert not first.exists(client.cookie)


def test_an_expired_id_is_not_served_again(memory: str, clock: Clock) -> None:
    """Checklist line 43: neither where the local copy was, nor elsewhere; a write gets another id."""
    client = Client()
    with Server(memory, route="a", runtime=clock) as first, Server(memory, route="b", runtime=clock) as second:
        client.write(first, user=7)
        sid = client.sid
        clock.ahead += 1800 + 450 + 5

        assert client.read(first) == client.read(second) == {}
        client.write(first, user=8)
        assert client.sid != sid
        assert len(first.told_of(EventKind.EXPIRED)) == 1


def test_a_local_copy_expires_and_leaves_the_backup_to_others(cluster: Cluster, clock: Clock) -> None:
    """R18: another process may have taken the session over and be reading it."""
    first, second, client = cluster.server("a", clock=clock), cluster.server("b", clock=Clock()), Client()
    client.write(first, user=7)
    old = Client(client.cookie)
    client.read(second)
    clock.ahead += 1801

    old.read(first)

    assert len(first.told_of(EventKind.EXPIRED)) == 1
    assert cluster.tombs(client.sid) == []
    assert client.read(second) == {"user": 7}


def test_the_absolute_limit_ends_a_session_in_use(memory: str, clock: Clock) -> None:
    """However many requests it has, to the second, in each process."""
    client = Client()
    settings = {"absolute_timeout": 100, "runtime": clock}
    with Server(memory, route="a", **settings) as first, Server(memory, route="b", **settings) as second:
        client.write(first, user=7)
        clock.ahead += 99
        assert client.read(first) == client.read(second) == {"user": 7}
        clock.ahead += 1.1
        assert client.read(second) == client.read(first) == {}


def test_the_absolute_limit_ends_a_session_in_the_middle_of_a_request(memory: str, clock: Clock) -> None:
    """What such a request changes is dropped, with an event."""
    client = Client()
    with Server(memory, absolute_timeout=100, runtime=clock) as server:
        client.write(server, user=7)
        with client.request(server) as session:
            session["user"] = 8
            clock.ahead += 101

        assert len(server.told_of(EventKind.DROPPED)) == 1
        assert client.read(server) == {}


def test_a_session_does_not_end_while_a_request_uses_it(memory: str, clock: Clock) -> None:
    """A long request is no rest."""
    client = Client()
    with Server(memory, runtime=clock) as server:
        client.write(server, user=7)
        with client.request(server) as session:
            clock.ahead += 1900
            session["user"] = 8
        assert client.read(server) == {"user": 8}


def test_a_limit_can_be_set_for_one_session(cluster: Cluster) -> None:
    """The backup lives accordingly, although nothing else has changed."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)

    with client.request(server) as session:
        session.max_inactive_interval = 60

    assert abs(cluster.left(client.node, client.sid) - 80) <= 2


def test_what_was_stored_too_long_ago_is_not_stored_again(cluster: Cluster, clock: Clock) -> None:
    """R18: a copy that had no contact for longer than a tombstone lives may have been destroyed meanwhile."""
    server, client = cluster.server(clock=clock, max_inactive_interval=None), Client()
    client.write(server, user=7)
    sid = client.sid
    for node in cluster.nodes.values():
        node.flush()
    clock.ahead += LONGEST_MEMORY + 1

    client.write(server, page=2)

    assert cluster.holders(sid) == []
    assert client.read(server) == {"page": 2}


def test_a_session_that_was_quiet_for_long_is_stored_again_when_its_backup_is_gone(
    cluster: Cluster, clock: Clock
) -> None:
    """R18: a tombstone would have outlived it, so it was not destroyed."""
    server, client = cluster.server(clock=clock), Client()
    client.write(server, user=7)
    for node in cluster.nodes.values():
        node.flush()
    clock.ahead += 1700

    client.write(server, page=2)

    assert client.read(cluster.server("b")) == {"user": 7, "page": 2}


def test_a_tombstone_outlives_every_copy_of_its_session(cluster: Cluster, clock: Clock) -> None:
    """R18: also where the session rests longer than the setting says."""
    server, client = cluster.server(clock=clock), Client()
    with client.request(server) as session:
        session["user"] = 7
        session.max_inactive_interval = 86_400
    sid = client.sid
    with client.request(server) as session:
        session.destroy()

    assert all(cluster.left(name, sid) > 86_400 + 900 for name in cluster.nodes)


def test_local_copies_that_nobody_asks_for_leave_in_time(cluster: Cluster, clock: Clock) -> None:
    """Watchers sweep, so a process does not keep what nobody will ever ask for."""
    server, client = cluster.server(clock=clock), Client()
    client.write(server, user=7)
    clock.ahead += 1801
    server.watching.start()

    eventually(lambda: not server.health().sessions)
    assert len(server.told_of(EventKind.EXPIRED)) == 1


@pytest.mark.parametrize("seconds", [0, -1, 86_400.0, True, "60", 2**32])
def test_an_idle_limit_that_cannot_be_stored_is_refused_at_once(cluster: Cluster, seconds: object) -> None:
    """It would fail every save of the session otherwise, and its logout."""
    with cluster.server().request(None) as session:
        with pytest.raises(ValueError, match=r"max_inactive_interval cannot be .*; allowed: seconds, a whole number"):
            session.max_inactive_interval = seconds  # pyright: ignore[reportAttributeAccessIssue]

        assert session.max_inactive_interval == 1800


def test_a_session_that_no_node_has_ever_taken_ends_by_its_own_limits_alone(cluster: Cluster) -> None:
    """That no node holds it says nothing, however long it is in use: nobody else can have ended it (R18)."""
    clock, client = Clock(), Client()
    server = cluster.server(clock=clock, max_session_bytes=100)
    client.write(server, blob="x" * 1_000)

    for _ in range(5):
        clock.ahead += 1_000
        assert client.read(server) == {"blob": "x" * 1_000}
