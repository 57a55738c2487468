"""How many connections a store has to a real memcached, and what happens when there are no more."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from memcached_process import MemcachedProcess, StartMemcached

from memcached_sessions.manager.errors import NodeTimeoutError, NodeUnavailableError
from memcached_sessions.manager.stores import connection_pool
from memcached_sessions.manager.stores.memcached_store import MemcachedStore

TIMEOUT = 0.25
LATEST = 3 * TIMEOUT
"""Seconds until which a call that may take `TIMEOUT` must be over, on a machine that is busy with other tests."""

OpenStore = Callable[..., MemcachedStore]
LIMITS = {"operation_timeout": TIMEOUT, "connect_timeout": TIMEOUT}


@pytest.fixture
def store(memcached: MemcachedProcess, open_store: OpenStore) -> MemcachedStore:
    """A store that has a connection."""
    store = open_store(memcached.address, **LIMITS)
    store.set("k", b"value", flags=0, ttl=None)
    return store


def test_no_more_connections_are_opened_than_allowed(memcached: MemcachedProcess, open_store: OpenStore) -> None:
    """Eight threads with two connections: they take turns."""
    store = open_store(memcached.address, operation_timeout=10.0, max_pool_size=2)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.set(f"k{n}", b"value", flags=0, ttl=None), range(200)))

    assert memcached.has_connections(2)


def test_waiting_for_a_connection_ends_at_the_timeout(memcached: MemcachedProcess, open_store: OpenStore) -> None:
    """And those who waited find the connection usable afterwards."""
    store = open_store(memcached.address, **LIMITS, max_pool_size=1)
    store.set("k", b"value", flags=0, ttl=None)
    memcached.freeze()
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda _: _kind_of_error(store), range(4)))

    assert outcomes == [NodeTimeoutError] * 4
    assert time.monotonic() - began < LATEST
    memcached.resume()
    assert store.get("k")


def test_a_thread_that_waits_gets_the_connection_that_is_given_back(
    memcached: MemcachedProcess, open_store: OpenStore
) -> None:
    """Before its time is over."""
    store = open_store(memcached.address, operation_timeout=10.0, max_pool_size=1)
    store.set("k", b"value", flags=0, ttl=None)
    memcached.freeze()
    with ThreadPoolExecutor(3) as threads:
        pending = [threads.submit(store.get, "k") for _ in range(3)]
        time.sleep(0.05)
        memcached.resume()

        assert all(waiting.result() for waiting in pending)


def test_connections_that_are_not_used_are_closed(
    store: MemcachedStore, memcached: MemcachedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next command; the one that is used stays."""
    memcached.open_connections(lambda: store.get("k"), 6)
    monkeypatch.setattr(connection_pool, "IDLE_LIMIT", 0.4)

    for _ in range(20):
        store.get("k")
        time.sleep(0.03)

    assert memcached.has_connections(1)


def test_a_server_without_free_connections_is_unavailable(
    start_memcached: StartMemcached, open_store: OpenStore
) -> None:
    """It says so and closes; after that it is no other server."""
    memcached = start_memcached("-c", "30")
    holders = [open_store(memcached.address, **LIMITS) for _ in range(60)]

    errors = [error for holder in holders if (error := _error(holder))]
    for holder in holders:
        holder.close()

    assert len(errors) > 20
    assert not any(isinstance(error, NodeTimeoutError) for error in errors)
    deadline = time.monotonic() + 5
    while _error(holders[-1]) and time.monotonic() < deadline:
        time.sleep(0.02)  # the server notices a moment later that connections are free
    assert holders[-1].get("k") is None


def test_a_closed_store_has_no_connections(store: MemcachedStore, memcached: MemcachedProcess) -> None:
    """Idle ones go at once."""
    memcached.open_connections(lambda: store.get("k"), 4)

    store.close()

    assert memcached.has_connections(0)


def _error(store: MemcachedStore) -> NodeUnavailableError | None:
    try:
        store.get("k")
    except NodeUnavailableError as error:
        return error
    return None


def _kind_of_error(store: MemcachedStore) -> type[object]:
    return type(_error(store))
