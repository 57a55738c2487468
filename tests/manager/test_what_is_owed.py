"""What a response was sent for is counted until it is stored, whatever came between."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from cluster import Client, Clock, Cluster, eventually

from memcached_sessions import SessionManager
from memcached_sessions.manager import EventKind
from memcached_sessions.serializers import Capabilities, get_serializer


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster() as nodes:
        yield nodes


PATIENT = {"operation_timeout": 10, "session_backup_timeout": 10, "connect_timeout": 10}


class Picky:
    """A serializer that breaks its promise: it raises something else than SerializationError."""

    name = "picky"

    def __init__(self) -> None:
        self._json = get_serializer("json")
        self.capabilities: Capabilities = self._json.capabilities

    def dumps(self, obj: Any, /) -> bytes:
        """Return the bytes of all but ``bad``."""
        if "bad" in obj:
            raise TypeError("bad")
        return self._json.dumps(obj)

    def loads(self, data: bytes, /) -> object:
        """Return the value of bytes."""
        return self._json.loads(data)


def test_a_limit_that_waits_to_be_stored_is_counted_and_drained(cluster: Cluster) -> None:
    """It is a change like any other, though the attributes are what they were."""
    server, client = cluster.server(session_backup_async=True, **PATIENT), Client()
    client.write(server, page=1)
    assert server.drain(10) == 0
    cluster[client.node].freeze()
    with client.request(server) as session:
        session.max_inactive_interval = 60
    assert server.health().unbacked == 1

    cluster[client.node].resume()

    assert server.drain(10) == 0
    assert cluster.left(client.node, client.sid) <= 60 + 15 + 5


def test_a_change_that_is_taken_back_while_it_is_stored_is_counted(cluster: Cluster) -> None:
    """What is stored in the end is what the last response was sent for."""
    server, client = cluster.server(session_backup_async=True, **PATIENT), Client()
    client.write(server, page=1)
    assert server.drain(10) == 0
    cluster[client.node].freeze()
    client.write(server, page=2)
    client.write(server, page=1)
    assert server.health().unbacked == 1

    cluster[client.node].resume()

    assert server.drain(10) == 0
    assert client.read(cluster.server("b")) == {"page": 1}


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_session_that_cannot_be_encoded_keeps_no_other_from_its_backup(
    cluster: Cluster, *, asynchronous: bool
) -> None:
    """Also where a serializer raises what it should not."""
    server = cluster.server(
        serializer=Picky(), signing_keys=("a key of sixteen bytes",), session_backup_async=asynchronous
    )
    bad, clients = Client(), [Client() for _ in range(4)]
    bad.write(server, page=1)
    assert server.drain(10) == 0
    cluster.kill()
    for number, client in enumerate(clients):
        client.write(server, number=number)
    with pytest.raises(ValueError, match="picky failed: TypeError: bad"), bad.request(server) as session:
        session["bad"] = True
    cluster.start()
    server.close()

    found = [
        client.read(cluster.server("b", serializer=Picky(), signing_keys=("a key of sixteen bytes",)))
        for client in clients
    ]
    assert found == [{"number": number} for number in range(4)]


def test_a_change_after_the_commit_is_found_by_the_next_request(cluster: Cluster) -> None:
    """As where the body of a response fails when its head has left."""
    server, client = cluster.server(), Client()
    client.write(server, user=7, pages=[0])
    session = server.open(client.cookie)
    session["pages"].append(1)
    server.commit(session)
    session["pages"].append(2)
    server.release(session)

    with client.request(server) as session:
        assert session["user"] == 7

    assert client.read(cluster.server("b"))["pages"] == [0, 1, 2]


def test_a_change_of_an_async_request_that_failed_is_found_by_the_next(cluster: Cluster) -> None:
    """It was made, and every request of the process sees it."""
    server, client = cluster.server(), Client()
    client.write(server, user=7, pages=[0])

    async def fail() -> None:
        async with server.arequest(client.cookie) as session:
            session["pages"].append(1)
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(fail())
    with client.request(server) as session:
        assert session["user"] == 7

    assert client.read(cluster.server("b"))["pages"] == [0, 1]


def test_a_request_that_only_reads_waits_for_no_room_and_fails_nothing(cluster: Cluster) -> None:
    """The change of another one found none; that was told once."""
    server = cluster.server(
        session_backup_async=True,
        backup_queue_size=1,
        backup_thread_count=1,
        operation_timeout=10,
        session_backup_timeout=10,
        connect_timeout=10,
    )
    clients = [Client() for _ in range(2)]
    for client in clients:
        client.write(server, page=1)
        assert server.drain(10) == 0
    for name in cluster.nodes:
        cluster[name].freeze()
    clients[0].write(server, page=2)
    queue = server._committing.queue  # noqa: SLF001 - it has no other reader
    assert queue is not None
    server._committing._room_timeout = 0.1  # noqa: SLF001 - a timeout of the nodes as well, that are to hang for long
    clients[1].write(server, page=2)
    told = len(server.told_of(EventKind.BACKUP_FAILED))
    server._committing._room_timeout = 60  # noqa: SLF001 - a read that waited would be seen to
    waited = server.statistics().counters.backups_waited_for_room
    for _ in range(4):
        with clients[1].request(server) as session:
            assert session["page"] == 2
    counters = server.statistics().counters

    assert told == len(server.told_of(EventKind.BACKUP_FAILED)) == 1
    assert counters.modifications == 4
    assert counters.backups_waited_for_room == waited
    for name in cluster.nodes:
        cluster[name].resume()
    assert server.drain(10) == 0


def test_a_rotation_beside_a_value_that_cannot_be_kept_is_whole(cluster: Cluster) -> None:
    """The old id is dead and the client has the new one; the value fails where it is committed."""
    server, client = cluster.server(clock=Clock()), Client()
    client.write(server, page=1)
    old, saving = client.cookie, server._requests._ending._saving  # noqa: SLF001 - between the check and the save
    save = saving.save

    def set_and_save(entry: Any, payload: bytes | None = None) -> Any:
        entry.attributes["bad"] = object()
        return save(entry, payload)

    saving.save = set_and_save
    try:
        with server.request(client.cookie) as session:
            session.rotate()
            del session["bad"]
    finally:
        saving.save = save
    client.take(session.cookie)

    assert client.cookie != old
    other = cluster.server("b")
    assert client.read(other) == {"page": 1}
    assert Client(old).read(other) == {}


def test_sessions_that_are_not_equal_are_unequal() -> None:
    """A dict has a method for either."""
    with SessionManager("memory://") as manager, manager.request(None) as one, manager.request(None) as other:
        one["a"], other["a"] = 1, 2
        assert one != other
        assert not one != {"a": 1}  # noqa: SIM202 - the method itself


def test_sessions_that_no_node_could_take_are_stored_when_one_is_back(cluster: Cluster) -> None:
    """Though the pass that met the outage was not the one that knew of them."""
    server = cluster.server(session_backup_async=True)
    clients = [Client() for _ in range(20)]
    for client in clients:
        client.write(server, page=1)
    assert server.drain(10) == 0
    cluster.kill()
    for client in clients:
        client.write(server, page=2)
    eventually(lambda: server.health().unbacked == len(clients))
    server.wait_until_down(*cluster.nodes)

    cluster.start()

    eventually(lambda: not server.health().unbacked)
