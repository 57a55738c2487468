"""For each counter a situation, on real nodes, that brings it from 0 to 1.

A situation is a generator: it prepares, yields the process that counts, and then lets happen what is counted.
"""

from collections.abc import Callable, Iterator
from typing import Any

from cluster import Client, Clock, Cluster, Server, eventually

from memcached_sessions.manager.session_id import storage_key

Situation = Callable[[Cluster], Iterator[Server]]

TOO_LARGE = "x" * 2_000_000


class MeasuredCluster(Cluster):
    """Nodes whose processes count, or do not.

    Parameters
    ----------
    counted
        Whether statistics are enabled.
    """

    def __init__(self, *, counted: bool = True) -> None:
        super().__init__(2)
        self._counted = counted

    def server(self, route: str | None = "a", *, clock: Clock | None = None, **settings: Any) -> Server:
        """Return a manager of its own; one without a clock of the test's has one too, so no watcher counts."""
        return super().server(route, clock=clock or Clock(), enable_statistics=self._counted, **settings)


def _with_session(cluster: Cluster, **attributes: Any) -> tuple[Server, Client]:
    server, client = cluster.server(), Client()
    client.write(cluster.server("b"), **(attributes or {"user": 7}))
    return server, client


def request_without_session(cluster: Cluster) -> Iterator[Server]:
    """It begins none."""
    server = cluster.server()
    yield server
    with server.request(None):
        pass


def request_without_session_access(cluster: Cluster) -> Iterator[Server]:
    """The application did not look."""
    server, client = _with_session(cluster)
    yield server
    with client.request(server):
        pass


def request_without_attribute_access(cluster: Cluster) -> Iterator[Server]:
    """It asks whether the session is new."""
    server, client = _with_session(cluster)
    yield server
    with client.request(server) as session:
        assert not session.is_new


def request_with_attribute_access(cluster: Cluster) -> Iterator[Server]:
    """It reads."""
    server, client = _with_session(cluster)
    yield server
    client.read(server)


def modification(cluster: Cluster) -> Iterator[Server]:
    """It writes, after a request that did not."""
    server, client = _with_session(cluster)
    client.read(server)
    yield server
    client.write(server, user=8)


def takeover(cluster: Cluster) -> Iterator[Server]:
    """Another process begins the session."""
    server, client = _with_session(cluster)
    yield server
    client.read(server)


def unknown(cluster: Cluster) -> Iterator[Server]:
    """An id without a route that nobody knows."""
    server = cluster.server(None)
    yield server
    assert Client("0123456789abcdef" * 2).read(server) == {}


def undecided(cluster: Cluster) -> Iterator[Server]:
    """An id that names another process, which may hold the session."""
    server = cluster.server()
    yield server
    assert Client("0123456789abcdef" * 2 + "-n1.b~abc").read(server) == {}


def gone(cluster: Cluster) -> Iterator[Server]:
    """The id of a destroyed session."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    old = Client(client.cookie)
    with client.request(server) as session:
        session.destroy()
    yield server
    assert old.read(server) == {}


def created(cluster: Cluster) -> Iterator[Server]:
    """A session begins."""
    server = cluster.server()
    yield server
    Client().write(server, user=7)


def rotated(cluster: Cluster) -> Iterator[Server]:
    """A login."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    yield server
    with client.request(server) as session:
        session.rotate()


def destroyed(cluster: Cluster) -> Iterator[Server]:
    """A logout."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    yield server
    with client.request(server) as session:
        session.destroy()


def expired(cluster: Cluster) -> Iterator[Server]:
    """Nobody comes for longer than the idle limit."""
    clock, client = Clock(), Client()
    server = cluster.server(clock=clock)
    client.write(server, user=7)
    yield server
    clock.ahead += 1801
    server.watching.sweep()


def backup_failure(cluster: Cluster) -> Iterator[Server]:
    """The session is larger than a node takes."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    yield server
    client.write(server, blob=TOO_LARGE)


def relocation(cluster: Cluster) -> Iterator[Server]:
    """The node of a session dies."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    yield server
    cluster.kill(client.node)
    client.write(server, user=8)


def revalidation(cluster: Cluster) -> Iterator[Server]:
    """Without a route every request asks."""
    server, client = cluster.server(None), Client()
    client.write(server, user=7)
    yield server
    client.read(server)


def touch(cluster: Cluster) -> Iterator[Server]:
    """A request that only reads, after the touch interval."""
    clock, client = Clock(), Client()
    server = cluster.server(clock=clock, freshness="trust", local_trust=1000)
    client.write(server, user=7)
    yield server
    clock.ahead += 451
    client.read(server)


def merge(cluster: Cluster) -> Iterator[Server]:
    """Two processes set one attribute each."""
    server, other, client = cluster.server(), cluster.server("b"), Client()
    client.write(server, user=7)
    yield server
    with client.request(server) as session:
        session["mine"] = 1
        Client(client.cookie).write(other, theirs=2)


def conflict(cluster: Cluster) -> Iterator[Server]:
    """Two processes change the same attribute."""
    server, other, client = cluster.server(), cluster.server("b"), Client()
    client.write(server, user=7)
    yield server
    with client.request(server) as session:
        session["user"] = 8
        Client(client.cookie).write(other, user=9)


def dropped(cluster: Cluster) -> Iterator[Server]:
    """A session is destroyed while another request changes it."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    yield server
    with client.request(server) as session:
        session["user"] = 8
        with Client(client.cookie).request(server) as parallel:
            parallel.destroy()


def undecodable(cluster: Cluster) -> Iterator[Server]:
    """Something else is under the key."""
    server, client = _with_session(cluster)
    node = cluster[client.node]
    assert node.say(f"ms {storage_key(client.sid)} 7\r\ngarbage\r\n".encode()).startswith(b"HD")
    yield server
    assert client.read(server) == {}


def queued(cluster: Cluster) -> Iterator[Server]:
    """A backup that nobody waits for."""
    server = cluster.server(session_backup_async=True)
    yield server
    Client().write(server, user=7)


def coalesced(cluster: Cluster) -> Iterator[Server]:
    """A second change while the node does not answer for the first one."""
    server, client = cluster.server(session_backup_async=True, session_backup_timeout=1.0), Client()
    client.write(server, user=7)
    assert server.drain(5) == 0
    for node in cluster.nodes.values():
        node.freeze()
    client.write(server, user=8)
    yield server
    client.write(server, user=9)


def waited_for_room(cluster: Cluster) -> Iterator[Server]:
    """A second session, where the queue holds one."""
    settings: dict[str, Any] = {"backup_queue_size": 1, "backup_thread_count": 1}
    server = cluster.server(session_backup_async=True, session_backup_timeout=0.5, **settings)
    for node in cluster.nodes.values():
        node.freeze()
    Client().write(server, user=7)
    yield server
    Client().write(server, user=8)


SITUATIONS: dict[str, Situation] = {
    "requests_without_session": request_without_session,
    "requests_without_session_access": request_without_session_access,
    "requests_without_attribute_access": request_without_attribute_access,
    "requests_with_attribute_access": request_with_attribute_access,
    "modifications": modification,
    "takeovers": takeover,
    "unknown": unknown,
    "undecided": undecided,
    "gone": gone,
    "created": created,
    "rotated": rotated,
    "destroyed": destroyed,
    "expired": expired,
    "backups": created,
    "backup_failures": backup_failure,
    "relocations": relocation,
    "revalidations": revalidation,
    "touches": touch,
    "merges": merge,
    "conflicts": conflict,
    "dropped": dropped,
    "undecodable": undecodable,
    "backups_queued": queued,
    "backups_coalesced": coalesced,
    "backups_waited_for_room": waited_for_room,
}
"""By the name of the counter."""


def returns_to_its_node(cluster: Cluster) -> Iterator[Server]:
    """A session moves away from a frozen node; when that is back, the older copy there is deleted."""
    server, client = cluster.server(session_backup_timeout=0.1), Client()
    client.write(server, user=7)
    home = client.node
    yield server
    cluster[home].freeze()
    client.write(server, user=8)
    cluster[home].resume()
    state = next(state for state in server._process.nodes.all if state.name == home)  # noqa: SLF001 - not public
    eventually(lambda: server.watching.step(state) or state.available)
