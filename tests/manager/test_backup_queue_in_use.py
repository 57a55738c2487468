"""The queue of asynchronous backups in its manager: bounds, no room, the event loop, its end, forked processes."""

import asyncio
import json
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from threading import Thread, Timer
from typing import Any

import pytest
from cluster import Client, Clock, Cluster, Server, eventually
from stalled_backups import stalled

from memcached_sessions.manager import CookieAction, CookieKind, EventKind

PATIENT = {"operation_timeout": 10.0, "connect_timeout": 10.0}
"""A node that is frozen for a moment is waited for, and not taken for one that is down."""
NO_ROOM = "no room in the queue of asynchronous backups"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One node."""
    with Cluster(1) as cluster:
        yield cluster


def a_server(cluster: Cluster, **settings: Any) -> Server:
    """Return a process with one thread for backups; it watches its node only if it is given no clock."""
    return cluster.server("a", **{"clock": Clock(), "session_backup_async": True, "backup_thread_count": 1, **settings})


def a_session(server: Server, **attributes: Any) -> Client:
    """Return the client of a session that is stored."""
    client = Client()
    client.write(server, **attributes)
    is_stored(server)
    return client


def is_stored(server: Server) -> None:
    """Wait until nothing waits for its backup any more."""
    eventually(lambda: not server.health().unbacked)


def found_no_room(server: Server) -> int:
    """Return how often a commit found no room in the queue."""
    return [event.detail for event in server.told_of(EventKind.BACKUP_FAILED)].count(NO_ROOM)


def held(server: Server) -> int:
    """Return how many sessions wait or are under way."""
    queue = server._committing.queue  # noqa: SLF001 - as in `stalled_backups`
    assert queue is not None
    return len(queue)


def test_health_counts_what_waits(cluster: Cluster) -> None:
    """Each session once, however often it was changed."""
    server = a_server(cluster)
    with stalled(server):
        for client in (Client(), Client(), Client()):
            client.write(server, page=1)
            client.write(server, page=2)

        assert (server.health().unbacked, held(server)) == (4, 4)
    is_stored(server)
    assert held(server) == 0


def test_a_session_that_waits_is_never_evicted(cluster: Cluster) -> None:
    """The bound of local sessions waits for it."""
    server = a_server(cluster, max_local_sessions=2)
    rotated, clients = a_session(server, page=1), [Client() for _ in range(5)]
    with stalled(server):
        for number, client in enumerate(clients):
            client.write(server, number=number)
        with rotated.request(server) as session:
            session.rotate()  # it is stored at once, and room is looked for

        assert server.health().unbacked == 6
    is_stored(server)

    a_session(server, page=1)
    assert server.health().sessions == 2
    assert [client.read(cluster.server("b")) for client in clients] == [{"number": number} for number in range(5)]


def test_a_full_queue_is_waited_for(cluster: Cluster) -> None:
    """A thread ends with a session, and the next one has room."""
    server = a_server(cluster, backup_queue_size=1, session_backup_timeout=10.0)
    client = a_session(server, page=1)
    with stalled(server):
        writing = Thread(target=lambda: client.write(server, page=2))
        writing.start()
    writing.join()

    is_stored(server)

    assert found_no_room(server) == 0
    assert client.read(cluster.server("b")) == {"page": 2}


def test_a_queue_that_stays_full_leaves_the_session_to_the_watchers(cluster: Cluster) -> None:
    """They store it although the thread never ends."""
    server = a_server(cluster, clock=None, backup_queue_size=1, session_backup_timeout=0.05)
    client = a_session(server, page=1)
    with stalled(server):
        client.write(server, page=2)
        assert found_no_room(server) == 1

        eventually(lambda: server.health().unbacked == 1)

        assert client.read(cluster.server("b")) == {"page": 2}


def test_what_found_no_room_waits_like_another_when_it_changes_again(cluster: Cluster) -> None:
    """Whoever stores it first stores all of it."""
    server = a_server(cluster, backup_queue_size=1, session_backup_timeout=0.05)
    client = a_session(server, page=1)
    with stalled(server):
        client.write(server, page=2)
        assert (held(server), server.health().unbacked) == (1, 2)
    eventually(lambda: not held(server))

    client.write(server, user=7)

    is_stored(server)
    assert client.read(cluster.server("b")) == {"page": 2, "user": 7}


def test_an_async_commit_stays_in_the_event_loop_while_there_is_room(cluster: Cluster) -> None:
    """Also the first one of a session, and whatever the node does."""
    server = a_server(cluster)

    async def change(client: Client) -> None:
        session = await server.aopen(client.cookie)
        session["page"] = 2
        steps = server.acommit(session)
        with pytest.raises(StopIteration) as done:
            steps.send(None)
        client.take(done.value.value)
        server.release(session)

    known, new = a_session(server, page=1), Client()
    with stalled(server):
        asyncio.run(change(known))
        asyncio.run(change(new))
        assert (known.action.kind, new.action.kind) == (CookieKind.NOTHING, CookieKind.SET)
        assert server.health().unbacked == 3
    is_stored(server)
    assert [client.read(cluster.server("b")) for client in (known, new)] == [{"page": 2}] * 2


@pytest.mark.parametrize("known", [True, False])
def test_an_async_commit_waits_for_room_in_a_thread(cluster: Cluster, known: bool) -> None:
    """The event loop lets the thread of backups go on, in which the commit finds its room."""
    server = a_server(cluster, backup_queue_size=1, session_backup_timeout=10.0)
    client = a_session(server, page=1) if known else Client()

    async def change() -> CookieAction:
        session = await server.aopen(client.cookie)
        session["page"] = 2
        with stalled(server):
            commit = asyncio.create_task(server.acommit(session))
            await asyncio.sleep(0.05)
            assert not commit.done()
        action = await commit
        server.release(session)
        return action

    client.take(asyncio.run(change()))

    is_stored(server)
    assert found_no_room(server) == 0
    assert client.read(cluster.server("b")) == {"page": 2}


def test_a_drain_stores_what_waits(cluster: Cluster) -> None:
    """It waits for a node that hangs for a moment."""
    server = a_server(cluster, **PATIENT)
    client = a_session(server, page=1)
    cluster[client.node].freeze()
    client.write(server, page=2)
    Timer(0.2, cluster[client.node].resume).start()

    assert server.drain(5) == 0

    assert client.read(cluster.server("b")) == {"page": 2}


def test_a_close_stores_what_waits(cluster: Cluster) -> None:
    """And ends the threads."""
    server = a_server(cluster, **PATIENT)
    client = a_session(server, page=1)
    cluster[client.node].freeze()
    client.write(server, page=2)
    Timer(0.2, cluster[client.node].resume).start()

    server.close()

    assert client.read(cluster.server("b")) == {"page": 2}


def test_a_manager_that_is_not_enabled_stores_nothing(cluster: Cluster) -> None:
    """Sessions live in the process alone."""
    server, client = a_server(cluster, enabled=False), Client()
    before = cluster.counts()

    client.write(server, page=1)
    client.write(server, page=2)

    assert client.read(server) == {"page": 2}
    assert (server.health().unbacked, server.drain(1)) == (1, 1)
    assert cluster.counts() == before


def in_child(work: Callable[[], Any]) -> Any:
    """Return what a function returns in a forked process, which ends without cleaning up after its parent."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads at a fork, which this is about
        child = os.fork()
    if not child:
        status = 1
        signal.alarm(30)  # a child that hangs ends, and the test fails
        try:
            os.write(writing, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(text)


def test_a_forked_child_has_a_queue_and_threads_of_its_own(cluster: Cluster) -> None:
    """What waits is its parent's, who stores it once; the child stores what it has changed itself."""
    server = a_server(cluster)
    client = a_session(server, page=1)
    with stalled(server):
        before = cluster.counts("cmd_set")
        client.write(server, page=2)

        def work() -> object:
            waiting, own = held(server), Client()
            own.write(server, child=1)
            is_stored(server)
            return [waiting, server.health().sessions, own.cookie]

        waiting, sessions, cookie = in_child(work)
        assert (waiting, sessions) == (0, 1)
        assert Client(cookie).read(cluster.server("b")) == {"child": 1}
        assert cluster.counts("cmd_set") - before == 1
    is_stored(server)

    assert cluster.counts("cmd_set") - before == 3, "of the child, the other session, and this one"
    assert client.read(cluster.server("b")) == {"page": 2}
