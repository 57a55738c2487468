"""The store in memory: the suite of all stores, and what is its own."""

import pytest
from store_conformance import StoreConformance

from memcached_sessions.manager.errors import ValueTooLargeError
from memcached_sessions.manager.stores.memory_store import MemoryStore
from memcached_sessions.manager.stores.store import Cas, Outcome


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class MemoryNode:
    """A node in memory to which things happen."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        self.flush = store.flush
        self.restart = store.restart
        self._clock = clock

    def wait(self, seconds: float) -> None:
        """Let the clock go on."""
        self._clock.now += seconds


class TestMemoryStore(StoreConformance):
    """The suite on a store in memory."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock of the node."""
        return Clock()

    @pytest.fixture
    def store(self, key: str, clock: Clock) -> MemoryStore:
        """A node of this test's name."""
        return MemoryStore(key or "nameless", clock=clock)

    @pytest.fixture
    def another(self, key: str, clock: Clock) -> MemoryStore:
        """A second client of it."""
        return MemoryStore(key or "nameless", clock=clock)

    @pytest.fixture
    def node(self, store: MemoryStore, clock: Clock) -> MemoryNode:
        """What happens to it."""
        return MemoryNode(store, clock)


def test_stores_share_their_items_by_name() -> None:
    """As two clients of one server do, and clients of two servers do not."""
    store = MemoryStore("test of sharing")
    store.set("k", b"value", flags=0, ttl=None)

    assert MemoryStore("test of sharing").get("k")
    assert MemoryStore("another test of sharing").get("k") is None


def test_stores_without_a_name_share_nothing() -> None:
    """No name is not one name."""
    store = MemoryStore()
    store.set("k", b"value", flags=0, ttl=None)

    assert MemoryStore().get("k") is None


def test_a_value_over_the_item_limit_is_refused_and_changes_nothing() -> None:
    """Counted as memcached does: the key and a header belong to the item."""
    store = MemoryStore(item_limit=160)
    kept = store.set("k", b"kept", flags=0, ttl=None)

    assert store.set("other", bytes(160 - 59 - len("other")), flags=0, ttl=None).outcome is Outcome.STORED
    with pytest.raises(ValueTooLargeError, match="limit of 160"):
        store.set("k", bytes(160 - 59), flags=0, ttl=None)

    read = store.get("k")
    assert read
    assert (read.value, read.cas, store.item_limit) == (b"kept", kept.cas, 160)


def test_the_count_goes_on_after_a_flush_and_begins_anew_after_a_restart() -> None:
    """As memcached's does."""
    store = MemoryStore()
    first = store.set("k", b"", flags=0, ttl=None)

    store.flush()
    flushed = store.set("k", b"", flags=0, ttl=None)
    store.restart()
    restarted = store.set("k", b"", flags=0, ttl=None)

    assert first.cas
    assert flushed.cas
    assert restarted.cas
    assert (first.cas.unique, flushed.cas.unique, restarted.cas.unique) == (1, 2, 1)
    assert len({first.cas.generation, flushed.cas.generation, restarted.cas.generation}) == 3


def test_the_generation_is_empty_before_the_first_answer() -> None:
    """And a `Cas` of an empty generation fits nothing."""
    store = MemoryStore()

    assert store.generation == ""
    assert store.delete("k", cas=Cas(1, "")) is Outcome.EXISTS
    assert store.generation != ""


def test_a_value_is_kept_as_it_was_when_the_caller_changes_it() -> None:
    """As a server has its own copy."""
    store, value = MemoryStore(), bytearray(b"before")

    store.set("k", value, flags=0, ttl=None)
    value[:] = b"behind"

    read = store.get("k")
    assert read
    assert read.value == b"before"
