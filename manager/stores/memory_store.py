"""`MemoryStore`: a node in this process, for development and tests, with the semantics of a memcached.

Invariant: what a test sees here it sees there too. One suite runs on both, and a state machine compares them.
"""

import secrets
import time
from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import NamedTuple

from ..after_fork import call_after_fork
from ..errors import ValueTooLargeError
from .store import Cas, Item, Outcome, Written
from .store_arguments import checked_flags, checked_key, checked_ttl, item_size


class MemoryStore:
    """A node whose items are in the memory of this process, until they expire or the process ends.

    Nothing bounds them: no limit, no eviction, and what has expired is removed when its key is used again. A forked
    process has its own copy from then on. Not for production.

    Parameters
    ----------
    name
        Stores of one name share their items, as clients of one server do; without a name they are this store's own.
    clock
        Returns seconds since 1970.
    item_limit
        Bytes that an item may have, counted as memcached does; None: as many as you like.

    >>> store = MemoryStore()
    >>> written = store.add("k", b"value", flags=0, ttl=60)
    >>> store.get("k").value
    b'value'
    >>> store.replace("k", b"newer", cas=written.cas, flags=0, ttl=60).outcome
    <Outcome.STORED: 'stored'>
    >>> store.replace("k", b"late", cas=written.cas, flags=0, ttl=60).outcome
    <Outcome.EXISTS: 'exists'>
    """

    def __init__(
        self, name: str = "", *, clock: Callable[[], float] = time.time, item_limit: int | None = None
    ) -> None:
        self._memory = _MEMORIES.named(name) if name else _Memory()
        self._node = name or "memory"
        self._clock = clock
        self._item_limit = item_limit
        self._generation = ""

    @property
    def generation(self) -> str:
        """The generation last seen; empty before the first answer."""
        return self._generation

    @property
    def item_limit(self) -> int | None:
        """Bytes that an item may have; None: as many as you like."""
        return self._item_limit

    def get(self, key: str, *, value: bool = True, touch: int | None = None, renew: bool = False) -> Item | None:
        """Return what is under a key, None if nothing is; as `Store.get`."""
        checked_key(key)
        ends = self._end(touch) if renew else None
        with self._memory.lock:
            held = self._held(key)
            if held is None:
                return None
            if renew:
                self._memory.items[key] = held._replace(ends=ends)
            return Item(
                Cas(held.unique, self._generation),
                held.flags,
                None if held.ends is None else ceil(held.ends - self._clock()),
                held.value if value else None,
            )

    def add(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store where nothing is; as `Store.add`."""
        return self._store(key, value, flags, ttl, lambda held: None if held is None else Outcome.EXISTS)

    def replace(self, key: str, value: bytes, *, cas: Cas, flags: int, ttl: int | None) -> Written:
        """Store over the very item that the `Cas` names; as `Store.replace`."""
        return self._store(key, value, flags, ttl, lambda held: self._mismatch(held, cas))

    def set(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store whatever is there; as `Store.set`."""
        return self._store(key, value, flags, ttl, lambda _: None)

    def delete(self, key: str, *, cas: Cas) -> Outcome:
        """Remove the very item that the `Cas` names; as `Store.delete`."""
        checked_key(key)
        with self._memory.lock:
            mismatch = self._mismatch(self._held(key), cas)
            if mismatch is None:
                del self._memory.items[key]
            return mismatch or Outcome.STORED

    def probe(self) -> str:
        """Return the generation; as `Store.probe`."""
        with self._memory.lock:
            self._generation = self._memory.generation
        return self._generation

    def close(self) -> None:
        """Do nothing: there are no connections, and the items stay."""

    def flush(self) -> None:
        """Lose all items, as a memcached does at ``flush_all``: a new generation, and the count goes on."""
        with self._memory.lock:
            self._memory.begin(self._memory.count)

    def restart(self) -> None:
        """Lose all items, as a memcached does that is started again: a new generation, and the count begins anew."""
        with self._memory.lock:
            self._memory.begin(0)

    def _store(
        self,
        key: str,
        value: bytes,
        flags: int,
        ttl: int | None,
        refusal: "Callable[[_Held | None], Outcome | None]",
    ) -> Written:
        size = item_size(checked_key(key), value, checked_flags(flags))
        ends = self._end(ttl)
        if self._item_limit is not None and size > self._item_limit:
            problem = f"an item of {size} bytes is over the limit of {self._item_limit}: store less"
            raise ValueTooLargeError(problem, node=self._node, key=key)
        memory = self._memory
        with memory.lock:
            refused = refusal(self._held(key))
            if refused:
                return Written(refused)
            memory.count += 1
            memory.items[key] = _Held(bytes(value), flags, ends, memory.count)
            return Written(Outcome.STORED, Cas(memory.count, self._generation))

    def _held(self, key: str) -> "_Held | None":
        """Return what is alive under a key, and note the generation; the caller has the lock."""
        self._generation = self._memory.generation
        held = self._memory.items.get(key)
        if held is not None and held.ends is not None and held.ends <= self._clock():
            del self._memory.items[key]
            return None
        return held

    def _mismatch(self, held: "_Held | None", cas: Cas) -> Outcome | None:
        if cas.generation != self._generation:
            return Outcome.EXISTS
        if held is None:
            return Outcome.NOT_FOUND
        return None if held.unique == cas.unique else Outcome.EXISTS

    def _end(self, ttl: int | None) -> float | None:
        ttl = checked_ttl(ttl)
        return None if ttl is None else self._clock() + ttl


class _Held(NamedTuple):
    value: bytes
    flags: int
    ends: float | None
    unique: int


class _Memory:
    """What a server is to its clients: the items, the count, and the generation."""

    def __init__(self) -> None:
        self.begin(0)
        self.lock = Lock()
        call_after_fork(self._unlock)

    def begin(self, count: int) -> None:
        self.items: dict[str, _Held] = {}
        self.count = count
        self.generation = secrets.token_hex(8)

    def _unlock(self) -> None:
        self.lock = Lock()


class _Memories:
    """The memories that have a name, of this process."""

    def __init__(self) -> None:
        self._by_name: dict[str, _Memory] = {}

    def named(self, name: str) -> _Memory:
        """Return the memory of a name, the same one each time."""
        return self._by_name.get(name) or self._by_name.setdefault(name, _Memory())


_MEMORIES = _Memories()
