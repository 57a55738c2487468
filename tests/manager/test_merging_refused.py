"""What cannot be merged is not stored over: neither side loses what was acknowledged."""

from collections.abc import Iterator

import pytest
from cluster import Client, Cluster

from memcached_sessions.manager import EventKind
from memcached_sessions.serializers import SerializationError


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One node."""
    with Cluster(1) as cluster:
        yield cluster


@pytest.mark.parametrize("name", ["bad", "changed_at", "mutated while"])
def test_a_value_that_cannot_be_kept_does_not_cost_another_process_its_update(cluster: Cluster, name: str) -> None:
    """A request that only reads meets the update while another one holds the value; the update is merged later."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, x=1)
    session, other = first.open(client.cookie), Client(client.cookie)
    session[name] = object()
    other.write(second, paid=True)
    reader = first.open(other.cookie)
    assert reader["x"] == 1
    first.release(reader)
    with pytest.raises(SerializationError):
        first.commit(session)
    first.release(session)

    client.cookie = other.cookie
    client.write(first, n=1)

    assert client.read(cluster.server("c")) == {"x": 1, "paid": True, "n": 1}


@pytest.mark.parametrize("policy", ["new", "keep", "raise"])
def test_newer_bytes_of_a_serializer_that_is_not_accepted_are_not_stored_over(cluster: Cluster, policy: str) -> None:
    """In the middle of a deploy old processes go on with what they have, and lose nothing of the new ones."""
    old = cluster.server("a", serializer="json", accept_serializers=("json",), on_undecodable=policy)
    new, client = cluster.server("b", serializer="compact"), Client()
    client.write(old, x=1)
    before = client.cookie
    client.write(new, paid=True)

    Client(before).write(old, n=1)

    assert old.told_of(EventKind.UNDECODABLE)
    assert client.read(cluster.server("c"))["paid"] is True
