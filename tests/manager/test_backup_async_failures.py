"""What was wrong with asynchronous backup in memcached-session-manager: failures unseen, and lengths of 16 bits."""

from collections.abc import Iterator
from typing import Any

import pytest
from cluster import Client, Clock, Cluster, eventually

from memcached_sessions.manager import EventKind

BOTH = pytest.mark.parametrize("settings", [{}, {"session_backup_async": True}], ids=["synchronous", "asynchronous"])
EDGES_OF_16_BITS = (32_767, 32_768, 65_535, 65_536, 70_001)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One node."""
    with Cluster(1) as cluster:
        yield cluster


def test_an_asynchronous_store_that_fails_is_seen_and_made_up_for(cluster: Cluster) -> None:
    """Defect Q12: counted, in health, and an event; the watcher of the node stores it when that is back."""
    server, client = cluster.server(session_backup_async=True), Client()
    client.write(server, page=1)
    assert server.drain(5) == 0
    cluster.kill()

    client.write(server, page=2)

    eventually(lambda: server.told_of(EventKind.BACKUP_FAILED))
    assert server.statistics().counters.backup_failures >= 1
    assert server.health().unbacked == 1
    assert server.statistics().unbacked == 1
    assert client.read(server) == {"page": 2}
    cluster.start()
    eventually(lambda: not server.health().unbacked)
    assert client.read(cluster.server("b")) == {"page": 2}


def test_an_asynchronous_store_that_a_node_refuses_is_seen(cluster: Cluster) -> None:
    """Defect Q12: the node is well, and the session too large for it; it is stored when it fits again."""
    server, client = cluster.server(session_backup_async=True, clock=Clock()), Client()
    client.write(server, page=1)
    assert server.drain(5) == 0

    client.write(server, blob="x" * 2_000_000)

    eventually(lambda: server.told_of(EventKind.BACKUP_FAILED))
    assert server.statistics().counters.backup_failures >= 1
    assert server.health().unbacked == 1
    client.write(server, blob="small")
    eventually(lambda: not server.health().unbacked)
    assert client.read(cluster.server("b")) == {"page": 1, "blob": "small"}


@BOTH
@pytest.mark.parametrize("size", EDGES_OF_16_BITS)
def test_no_length_ends_at_16_bits(cluster: Cluster, settings: dict[str, Any], size: int) -> None:
    """Defect Q12: of values, of names, and of how many there are; another process finds all."""
    server, client = cluster.server(**settings), Client()
    attributes = {"value": "v" * size, "n" * size: b"b" * size, "many": list(range(size))}

    client.write(server, **attributes)

    assert server.drain(5) == 0
    assert client.read(cluster.server("b")) == attributes
