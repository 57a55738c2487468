"""``session_attribute_filter``: attributes that are backed up, and those that stay in the process."""

from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, eventually

from memcached_sessions.manager import CookieKind, EventKind


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def test_only_attributes_that_match_are_backed_up(cluster: Cluster) -> None:
    """Checklist line 34: the whole name is matched, and what stays need not be serializable."""
    server, client = cluster.server("a", session_attribute_filter="user|cart.*"), Client()
    client.write(server, user=7, cart_items=[1], user_name="x", connection=object())

    assert len(client.read(server)) == 4
    assert client.read(cluster.server("b")) == {"user": 7, "cart_items": [1]}


def test_changing_another_attribute_sends_nothing(cluster: Cluster) -> None:
    """Checklist line 34."""
    server, client = cluster.server(clock=Clock(), session_attribute_filter="user"), Client()
    client.write(server, user=7, local=1)
    before = cluster.counts()

    client.write(server, local=2)

    assert cluster.counts() == before
    assert client.read(server) == {"user": 7, "local": 2}


def test_a_backup_in_the_background_is_filtered_too(cluster: Cluster) -> None:
    """Checklist line 34: when its node dies."""
    server, client = cluster.server("a", session_attribute_filter="user"), Client()
    client.write(server, user=7, local=object())
    cluster.kill(client.node)
    eventually(lambda: server.told_of(EventKind.RELOCATED))

    assert client.read(cluster.server("b")) == {"user": 7}


def test_a_merge_leaves_attributes_of_the_process_alone(cluster: Cluster) -> None:
    """What another process stores knows nothing of them, and does not remove them."""
    first, second = (cluster.server(route, session_attribute_filter="user|page") for route in "ab")
    client = Client()
    client.write(first, user=7, local=1)
    old = Client(client.cookie)
    client.write(second, page=2)

    old.write(first, user=8)

    assert old.read(first) == {"user": 8, "local": 1, "page": 2}


def test_a_session_of_nothing_but_local_attributes_is_one(cluster: Cluster) -> None:
    """It has an id, or the next request could not find it."""
    server, client = cluster.server(session_attribute_filter="user"), Client()

    client.write(server, local=1)

    assert client.has_taken(CookieKind.SET)
    assert client.read(server) == {"local": 1}
