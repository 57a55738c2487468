"""The store that is a real memcached: the suite of all stores, and a state machine that compares it with the other."""

import secrets
import time
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule, run_state_machine_as_test
from memcached_process import MemcachedProcess
from store_conformance import StoreConformance

from memcached_sessions.manager.stores.memcached_store import MemcachedStore
from memcached_sessions.manager.stores.memory_store import MemoryStore
from memcached_sessions.manager.stores.store import Cas, Item, Store, Written


class RealNode:
    """A memcached to which things happen."""

    def __init__(self, process: MemcachedProcess) -> None:
        self.flush = process.flush
        self.restart = process.restart
        self.wait = time.sleep


class TestMemcachedStore(StoreConformance):
    """The suite on a memcached."""

    @pytest.fixture
    def store(self, shared_memcached: MemcachedProcess) -> Iterator[MemcachedStore]:
        """A store of this test."""
        store = MemcachedStore("n1", shared_memcached.address)
        yield store
        store.close()

    @pytest.fixture
    def another(self, shared_memcached: MemcachedProcess) -> Iterator[MemcachedStore]:
        """A second client of the same memcached."""
        store = MemcachedStore("n1", shared_memcached.address)
        yield store
        store.close()

    @pytest.fixture
    def node(self, shared_memcached: MemcachedProcess) -> RealNode:
        """What happens to it; the tests of a module do not run at the same time."""
        return RealNode(shared_memcached)


KEYS = st.sampled_from(["a", "b"])
FLAGS = st.sampled_from([0, 1, 2**31, 2**32 - 1])
LIVES = st.one_of(st.none(), st.integers(1000, 10_000_000))
VALUES = st.binary(max_size=60)
Pair = tuple[Cas, Cas]


class BothStores(RuleBasedStateMachine):
    """Any sequence of commands is answered alike by a memcached and by the store in memory."""

    process: MemcachedProcess
    casses = Bundle("casses")

    @initialize(target=casses)
    def begin(self) -> Pair:
        """Two stores, keys that nobody has used, and a CAS that fits nothing."""
        self.prefix = secrets.token_hex(8)
        self.real: Store = MemcachedStore("n1", self.process.address)
        self.memory: Store = MemoryStore()
        return Cas(2**60, self.real.probe()), Cas(2**60, self.memory.probe())

    def teardown(self) -> None:
        """Close the connections."""
        if hasattr(self, "real"):
            self.real.close()

    @rule(target=casses, key=KEYS, value=VALUES, flags=FLAGS, ttl=LIVES)
    def add(self, key: str, value: bytes, flags: int, ttl: int | None) -> Pair:
        """Store where nothing is."""
        return self.same_written(
            self.real.add(self.prefix + key, value, flags=flags, ttl=ttl),
            self.memory.add(key, value, flags=flags, ttl=ttl),
        )

    @rule(target=casses, key=KEYS, value=VALUES, flags=FLAGS, ttl=LIVES)
    def set(self, key: str, value: bytes, flags: int, ttl: int | None) -> Pair:
        """Store whatever is there."""
        return self.same_written(
            self.real.set(self.prefix + key, value, flags=flags, ttl=ttl),
            self.memory.set(key, value, flags=flags, ttl=ttl),
        )

    @rule(target=casses, key=KEYS, value=VALUES, flags=FLAGS, ttl=LIVES, cas=casses)
    def replace(self, key: str, value: bytes, flags: int, ttl: int | None, cas: Pair) -> Pair:
        """Store over what was seen, now or long ago, under this key or another."""
        return self.same_written(
            self.real.replace(self.prefix + key, value, cas=cas[0], flags=flags, ttl=ttl),
            self.memory.replace(key, value, cas=cas[1], flags=flags, ttl=ttl),
        )

    @rule(key=KEYS, cas=casses)
    def delete(self, key: str, cas: Pair) -> None:
        """Remove what was seen."""
        assert self.real.delete(self.prefix + key, cas=cas[0]) is self.memory.delete(key, cas=cas[1])

    @rule(target=casses, key=KEYS, value=st.booleans(), touch=LIVES, renew=st.booleans())
    def get(self, key: str, value: bool, touch: int | None, renew: bool) -> Pair:
        """Read, revalidate or touch."""
        return self.same_item(
            self.real.get(self.prefix + key, value=value, touch=touch, renew=renew),
            self.memory.get(key, value=value, touch=touch, renew=renew),
        )

    @rule()
    def flush(self) -> None:
        """Lose everything, and notice it."""
        self.process.flush()
        assert isinstance(self.memory, MemoryStore)
        self.memory.flush()
        self.real.probe()
        self.memory.probe()

    @rule()
    def reopen(self) -> None:
        """Let go of the connections."""
        self.real.close()
        self.memory.close()

    def same_written(self, real: Written, memory: Written) -> Pair:
        """Compare two answers to a write, and return the CAS values that go together."""
        assert real.outcome is memory.outcome
        assert (real.cas is None) == (memory.cas is None)
        return multiple() if real.cas is None or memory.cas is None else (real.cas, memory.cas)

    def same_item(self, real: Item | None, memory: Item | None) -> Pair:
        """Compare two answers to a read, and return the CAS values that go together."""
        if real is None or memory is None:
            assert real is memory
            return multiple()
        assert (real.flags, real.value) == (memory.flags, memory.value)
        assert (real.ttl is None) == (memory.ttl is None)
        assert abs((real.ttl or 0) - (memory.ttl or 0)) <= 2
        return real.cas, memory.cas


def test_the_store_in_memory_answers_as_memcached_does(shared_memcached: MemcachedProcess) -> None:
    """Whatever the commands and their order."""
    machine = type("BothStoresOfThisTest", (BothStores,), {"process": shared_memcached})

    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
