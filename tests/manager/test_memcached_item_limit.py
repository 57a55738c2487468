"""Values that are too large for a memcached, or for its memory: measured before they are sent."""

from collections.abc import Callable

import pytest
from memcached_process import MemcachedProcess, StartMemcached
from scripted_server import GENERATION_COMMAND, SETTINGS, SETTINGS_COMMAND, ScriptedServer

from memcached_sessions.manager.errors import NodeUnavailableError, StoreError, ValueTooLargeError
from memcached_sessions.manager.stores.memcached_store import MemcachedStore
from memcached_sessions.manager.stores.store_arguments import item_size

OpenStore = Callable[..., MemcachedStore]


@pytest.mark.parametrize("flags", [0, 1])
@pytest.mark.parametrize("key", ["k", "k" * 250])
def test_a_value_up_to_the_item_limit_is_stored_and_a_larger_one_refused_unsent(
    shared_memcached: MemcachedProcess, open_store: OpenStore, key: str, flags: int
) -> None:
    """To the byte: for one that is too large the server would drop the item that it has."""
    store = open_store(shared_memcached.address)
    room = 1024 * 1024 - item_size(key, b"", flags)

    stored = store.set(key, bytes(room), flags=flags, ttl=None)
    assert stored.cas
    too_large = bytes(room + 1)
    with pytest.raises(ValueTooLargeError, match=r"item of 1048577 bytes is over the limit of 1048576: .* larger -I"):
        store.set(key, too_large, flags=flags, ttl=None)
    with pytest.raises(ValueTooLargeError):
        store.replace(key, too_large, cas=stored.cas, flags=flags, ttl=None)
    with pytest.raises(ValueTooLargeError):
        store.add(key, too_large, flags=flags, ttl=None)

    read = store.get(key)
    assert read
    assert (read.value, read.cas, store.item_limit) == (bytes(room), stored.cas, 1024 * 1024)


def test_a_value_is_measured_before_the_first_command_too(
    shared_memcached: MemcachedProcess, open_store: OpenStore
) -> None:
    """The limit is asked for when the connection is opened."""
    open_store(shared_memcached.address).set("k", b"kept", flags=0, ttl=None)
    store = open_store(shared_memcached.address)
    assert store.item_limit is None

    with pytest.raises(ValueTooLargeError):
        store.set("k", bytes(1024 * 1024), flags=0, ttl=None)

    assert store.get("k")


def test_the_server_itself_drops_an_item_for_a_value_that_is_too_large(shared_memcached: MemcachedProcess) -> None:
    """Even where the write has a condition: why the store measures (no test of ours, but of what we rely on)."""
    shared_memcached.say(b"ms dropped 4 T0\r\nkept\r\n")

    said = shared_memcached.say(b"ms dropped 1100000 T0 ME\r\n" + bytes(1_100_000) + b"\r\n")

    assert said == b"SERVER_ERROR object too large for cache\r\n"
    assert shared_memcached.say(b"mg dropped s\r\n") == b"EN\r\n"


def test_large_items_can_be_had_where_the_server_allows_them(
    start_memcached: StartMemcached, open_store: OpenStore
) -> None:
    """The limit is the server's, not ours."""
    store = open_store(start_memcached("-I", "8m", "-m", "128").address)
    value = bytes(range(256)) * 20_000

    store.set("k", value, flags=0, ttl=None)

    read = store.get("k")
    assert read
    assert read.value == value
    assert store.item_limit == 8 * 1024 * 1024


def test_a_server_that_was_started_again_with_another_limit_is_measured_by_that(open_store: OpenStore) -> None:
    """On the connection that replaces the stale one."""
    with ScriptedServer([b"HD c1\r\n"], [None]) as server:
        store = open_store(server.address)
        store.set("k", bytes(2000), flags=0, ttl=None)
        server.greeting[SETTINGS_COMMAND] = [SETTINGS.replace(b"1048576", b"1024")]
        server.greeting[GENERATION_COMMAND] = [b"VA 4 c1 f0 t-1\r\n4f1d\r\n"]

        with pytest.raises(ValueTooLargeError, match="limit of 1024"):
            store.set("k", bytes(2000), flags=0, ttl=None)

    assert (store.item_limit, store.generation) == (1024, "4f1d")


def test_a_server_without_memory_is_unavailable(start_memcached: StartMemcached, open_store: OpenStore) -> None:
    """It has dropped the old item for the new one that it cannot keep: not what the other errors promise."""
    store = open_store(start_memcached("-M", "-m", "8").address)
    kept = store.set("kept", bytes(300_000), flags=0, ttl=None)
    assert kept.cas

    error = _first_error(store, bytes(300_000))
    with pytest.raises(NodeUnavailableError):
        store.replace("kept", bytes(300_000), cas=kept.cas, flags=0, ttl=None)

    assert type(error) is NodeUnavailableError
    assert "out of memory" in str(error)
    assert store.get("kept") is None


def _first_error(store: MemcachedStore, value: bytes) -> StoreError | None:
    """Store until the server does not."""
    for number in range(200):
        try:
            store.set(f"k{number}", value, flags=0, ttl=None)
        except StoreError as error:
            return error
    return None
