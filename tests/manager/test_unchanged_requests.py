"""A request that was handed nothing it could change does not encode its session; every other one does.

What waits to be stored meanwhile, of other requests and of the time, is not forgotten by one that only reads.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from cluster import Client, Clock, Cluster, Server, eventually
from counting_serializer import Counting
from session_methods import CHANGES, OF_EVERY_OBJECT, OF_THE_MANAGER, READS, REFUSED_BY_DICT
from stalled_backups import stalled

from memcached_sessions import SessionManager
from memcached_sessions.manager import EventKind, Session
from memcached_sessions.manager.stores.memory_store import MemoryStore

BOTH = pytest.mark.parametrize("settings", [{}, {"session_backup_async": True}], ids=["synchronous", "asynchronous"])
PATTERN = "/static/.*"
TOUCH_DUE = 451
"""Seconds after which a session is touched, with an idle limit of half an hour."""
LARGE = {f"attribute {number}": [number] * 10 for number in range(200)}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


@pytest.fixture
def processes() -> Iterator[Callable[..., SessionManager]]:
    """Return what makes managers that share one node in memory."""
    with ExitStack() as stack:
        store = MemoryStore()

        def made(route: str, **settings: Any) -> SessionManager:
            settings = {"runtime": Clock(), "freshness": "revalidate", **settings}
            return stack.enter_context(SessionManager("n1:memory://", stores={"n1": store}, route=route, **settings))

        yield made


def a_server(cluster: Cluster, **settings: Any) -> Server:
    """Return a process that watches no node, so that nothing is stored but by requests."""
    return cluster.server(**{"clock": Clock(), "request_uri_ignore_pattern": PATTERN, **settings})


def a_session(server: Server, **attributes: Any) -> Client:
    """Return the client of a session that is stored."""
    client = Client()
    client.write(server, **{"cart": [1], "name": "text", **attributes})
    is_stored(server)
    return client


def is_stored(server: Server) -> None:
    """Wait until nothing waits for its backup any more."""
    eventually(lambda: not server.health().unbacked)


def read_a_string(server: Server, client: Client, path: str = "/") -> None:
    """Make a request that can change nothing."""
    with client.request(server, path) as session:
        assert session["name"] == "text"


def fail_after_a_change(server: Server, client: Client) -> None:
    """Make a request that changes something inside a value, and ends without a commit."""
    with suppress(ZeroDivisionError), client.request(server) as session:
        session["cart"].append(2)
        _ = 1 / 0


def found(cluster: Cluster, client: Client, **settings: Any) -> dict[str, Any]:
    """Return what is stored, as another process finds it."""
    return Client(client.cookie).read(a_server(cluster, route="b", **settings))


def test_every_method_is_in_a_table() -> None:
    """Of the class and of dict: what is added there is to be thought of here."""
    methods = {name for kind in (Session, dict) for name in vars(kind)}
    assert methods - OF_EVERY_OBJECT - OF_THE_MANAGER - REFUSED_BY_DICT == {*CHANGES, *READS}


@pytest.mark.parametrize("method", CHANGES)
def test_what_a_method_hands_out_is_stored_when_it_changes(
    processes: Callable[..., SessionManager], method: str
) -> None:
    """And what it changes itself. Defect Q7."""
    first, second, client = processes("a"), processes("b"), Client()
    client.write(first, cart=[1], name="text")

    with client.request(first) as session:
        CHANGES[method](session)

    with Client(client.cookie).request(second) as session:
        limits = session.max_inactive_interval, session.absolute_timeout
        assert (dict(session), *limits) != ({"cart": [1], "name": "text"}, 1800, None)


@pytest.mark.parametrize("method", READS)
def test_what_cannot_have_changed_a_session_does_not_encode_it(
    processes: Callable[..., SessionManager], method: str
) -> None:
    """Checklist line 31. Sessions at hand, whose last owner is not in doubt."""
    serializer = Counting()
    manager, client = processes("a", freshness="trust", serializer=serializer), Client()
    client.write(manager, cart=[1], name="text")

    with client.request(manager) as session:
        READS[method](session)
        before = serializer.encoded

    assert before
    assert serializer.encoded == before


@BOTH
@pytest.mark.parametrize("asyncio_used", [False, True], ids=["threads", "asyncio"])
def test_a_large_session_is_encoded_for_a_list_and_not_for_a_string(
    cluster: Cluster, settings: dict[str, Any], *, asyncio_used: bool
) -> None:
    """Checklist line 31: of a session that is not looked at, too, nothing is encoded."""
    serializer = Counting()
    server = a_server(cluster, serializer=serializer, **settings)
    client = a_session(server, **LARGE)

    async def request(name: str | None) -> None:
        async with server.arequest(client.cookie) as session:
            session.get(name) if name else None

    def encoded(name: str | None) -> int:
        before = serializer.encoded
        if asyncio_used:
            asyncio.run(request(name))
        else:
            with client.request(server) as session:
                session.get(name) if name else None
        return serializer.encoded - before

    assert [encoded(name) for name in (None, "name", "cart")] == [0, 0, 1]


@BOTH
def test_a_change_of_a_request_that_failed_is_stored_by_the_next_one_that_only_reads(
    cluster: Cluster, settings: dict[str, Any]
) -> None:
    """Others of the process see it, so it cannot be taken back; a crash must not do so either."""
    server = a_server(cluster, **settings)
    client = a_session(server)

    fail_after_a_change(server, client)
    assert found(cluster, client)["cart"] == [1]
    read_a_string(server, client)

    is_stored(server)
    assert found(cluster, client)["cart"] == [1, 2]


@BOTH
def test_a_change_of_an_async_request_that_failed_is_stored_by_the_next_one(
    cluster: Cluster, settings: dict[str, Any]
) -> None:
    """By the async twins of open, commit and release."""
    server = a_server(cluster, **settings)
    client = a_session(server)

    async def scenario() -> None:
        with suppress(ZeroDivisionError):
            async with server.arequest(client.cookie) as session:
                session["cart"].append(2)
                _ = 1 / 0
        async with server.arequest(client.cookie) as session:
            assert session["name"] == "text"

    asyncio.run(scenario())

    is_stored(server)
    assert found(cluster, client)["cart"] == [1, 2]


def test_a_change_of_an_ignored_request_is_stored_by_the_next_one_that_is_not(cluster: Cluster) -> None:
    """Which only reads; another ignored one in between stores nothing, and does not make it forgotten."""
    server = a_server(cluster)
    client = a_session(server)

    with client.request(server, "/static/a.css") as session:
        session["cart"].append(2)
    before = cluster.counts()
    read_a_string(server, client, "/static/b.css")
    assert cluster.counts() == before
    read_a_string(server, client)

    assert found(cluster, client)["cart"] == [1, 2]


def test_a_change_after_the_commit_is_stored_by_the_next_request(cluster: Cluster) -> None:
    """A response that is streamed may look at its session after its head, and the cookie, were sent."""
    server = a_server(cluster)
    client = a_session(server)

    session = server.open(client.cookie)
    server.commit(session)
    session["cart"].append(2)
    server.release(session)
    read_a_string(server, client)

    assert found(cluster, client)["cart"] == [1, 2]


def test_a_request_that_overlaps_one_that_failed_does_not_make_its_change_forgotten(cluster: Cluster) -> None:
    """It was opened before that one ended, and its own commit comes after."""
    server = a_server(cluster)
    client = a_session(server)

    with client.request(server) as session:
        assert session["name"] == "text"
        fail_after_a_change(server, client)

    assert found(cluster, client)["cart"] == [1, 2]


@BOTH
def test_a_touch_that_is_due_is_sent_by_a_request_that_reads_a_string(
    cluster: Cluster, settings: dict[str, Any]
) -> None:
    """Once in an interval."""
    clock = Clock()
    server = a_server(cluster, clock=clock, freshness="trust", local_trust=1000, **settings)
    client = a_session(server)
    clock.ahead += TOUCH_DUE

    for _ in range(3):
        read_a_string(server, client)
        eventually(lambda: server.statistics().counters.touches == 1)

    assert server.statistics().counters.backups == 1


def test_a_session_that_could_not_be_stored_is_tried_again_by_a_request_that_reads_a_string(cluster: Cluster) -> None:
    """What is too large may fit by now; here it does not."""
    server = a_server(cluster)
    client = a_session(server)
    client.write(server, blob="x" * 2_000_000)
    assert len(server.told_of(EventKind.BACKUP_FAILED)) == 1

    read_a_string(server, client)

    assert len(server.told_of(EventKind.BACKUP_FAILED)) == 2


def test_a_session_that_found_no_room_is_stored_by_a_request_that_reads_a_string(cluster: Cluster) -> None:
    """No watcher is there to do it."""
    server = a_server(
        cluster, session_backup_async=True, backup_thread_count=1, backup_queue_size=1, session_backup_timeout=0.05
    )
    client = a_session(server)
    with stalled(server):
        client.write(server, cart=[1, 2])
        assert server.told_of(EventKind.BACKUP_FAILED)
    eventually(lambda: server.health().unbacked == 1)

    read_a_string(server, client)

    is_stored(server)
    assert found(cluster, client)["cart"] == [1, 2]


def test_a_snapshot_that_waits_is_left_alone_by_a_request_that_reads_a_string(cluster: Cluster) -> None:
    """It is stored as it is, without another encoding."""
    serializer = Counting()
    server = a_server(cluster, serializer=serializer, session_backup_async=True, backup_thread_count=1)
    client = a_session(server)
    with stalled(server):
        client.write(server, cart=[1, 2])
        before = serializer.encoded
        read_a_string(server, client)
        assert serializer.encoded == before

    is_stored(server)
    assert serializer.encoded == before
    assert found(cluster, client, serializer=serializer)["cart"] == [1, 2]


def test_a_change_of_a_request_that_failed_takes_the_place_of_a_snapshot_that_waits(cluster: Cluster) -> None:
    """When the next request reads a string."""
    server = a_server(cluster, session_backup_async=True, backup_thread_count=1)
    client = a_session(server)
    with stalled(server):
        client.write(server, user=7)
        fail_after_a_change(server, client)
        read_a_string(server, client)

    is_stored(server)
    assert found(cluster, client) == {"cart": [1, 2], "name": "text", "user": 7}
