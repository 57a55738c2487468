"""Real memcached processes for the tests of the manager; each is ended whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from memcached_process import Address, MemcachedProcess, StartMemcached

from memcached_sessions.manager.stores.dialing import Dialer
from memcached_sessions.manager.stores.memcached_store import MemcachedStore
from memcached_sessions.manager.stores.meta_client import MetaClient

pytest.register_assert_rewrite("argument_conformance", "store_conformance")


@pytest.fixture
def start_memcached() -> Iterator[StartMemcached]:
    """Return what starts a memcached for this test."""
    with ExitStack() as stack:

        def start(*arguments: str, **options: str) -> MemcachedProcess:
            return stack.enter_context(MemcachedProcess(*arguments, **options))

        yield start


@pytest.fixture
def memcached(start_memcached: StartMemcached) -> MemcachedProcess:
    """A memcached of this test alone, to freeze, kill and restart."""
    return start_memcached()


@pytest.fixture(scope="module")
def shared_memcached() -> Iterator[MemcachedProcess]:
    """A memcached that the tests of a module share: use keys of your own, and leave it running."""
    with MemcachedProcess() as process:
        yield process


@pytest.fixture
def open_store() -> Iterator[Callable[..., MemcachedStore]]:
    """Return what makes a store of node ``n1`` at an address for this test; it takes what `MemcachedStore` takes."""
    with ExitStack() as stack:

        def opened(address: Address, **options: Any) -> MemcachedStore:
            store = MemcachedStore("n1", address, **options)
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def connect() -> Iterator[Callable[[Address], MetaClient]]:
    """Return a function that opens a connection for this test."""
    clients: list[MetaClient] = []

    def connected(address: Address) -> MetaClient:
        client = MetaClient(Dialer(address, connect_timeout=2.0, tls_context=None), timeout=0.3)
        clients.append(client)
        client.connect()
        return client

    yield connected
    for client in clients:
        client.close()
