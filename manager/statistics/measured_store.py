"""`MeasuredStore`: a node whose commands are counted and timed.

Invariant: it changes nothing about what the store that it wraps answers or raises.
"""

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from ..errors import NodeTimeoutError, NodeUnavailableError, StoreError, ValueTooLargeError
from ..stores.store import Cas, Item, Outcome, Store, Written
from .meter import Meter
from .snapshot import Command, Failure

Answer = TypeVar("Answer")


class MeasuredStore:
    """A store that answers as the one it wraps, and keeps an item as long.

    Parameters
    ----------
    store
        What is measured.
    node
        The name or address of the node.
    meter
        Where it is counted.

    >>> from memcached_sessions.manager.stores.memory_store import MemoryStore
    >>> meter = Meter()
    >>> store = MeasuredStore(MemoryStore(), "n1", meter)
    >>> store.add("k", b"value", flags=0, ttl=60).outcome
    <Outcome.STORED: 'stored'>
    >>> meter.snapshot({"n1": (True, 0)}, sessions=1, unbacked=0).node("n1").bytes_sent
    5
    """

    def __init__(self, store: Store, node: str, meter: Meter) -> None:
        self._store = store
        self._node = node
        self._meter = meter

    @property
    def generation(self) -> str:
        """The generation last seen; empty before the first answer."""
        return self._store.generation

    @property
    def item_limit(self) -> int | None:
        """Bytes that the server takes for one item; None before it was asked."""
        return self._store.item_limit

    def get(self, key: str, *, value: bool = True, touch: int | None = None, renew: bool = False) -> Item | None:
        """Return what is under a key, None if nothing is; as `Store.get`."""
        item = self._measured(
            Command.LOAD if value else Command.LOOK,
            lambda: self._store.get(key, value=value, touch=touch, renew=renew),
        )
        if item is not None and item.value:
            self._meter.here.cell.node(self._node).bytes_received += len(item.value)
        return item

    def add(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store where nothing is; as `Store.add`."""
        return self._measured(Command.ADD, lambda: self._store.add(key, value, flags=flags, ttl=ttl), len(value))

    def replace(self, key: str, value: bytes, *, cas: Cas, flags: int, ttl: int | None) -> Written:
        """Store over the very item that the `Cas` names; as `Store.replace`."""
        return self._measured(
            Command.REPLACE, lambda: self._store.replace(key, value, cas=cas, flags=flags, ttl=ttl), len(value)
        )

    def set(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store whatever is there; as `Store.set`."""
        return self._measured(Command.SET, lambda: self._store.set(key, value, flags=flags, ttl=ttl), len(value))

    def delete(self, key: str, *, cas: Cas) -> Outcome:
        """Remove the very item that the `Cas` names; as `Store.delete`."""
        return self._measured(Command.DELETE, lambda: self._store.delete(key, cas=cas))

    def probe(self) -> str:
        """Ask the server for its generation, and return it; as `Store.probe`."""
        return self._measured(Command.PROBE, self._store.probe)

    def close(self) -> None:
        """Let go of connections; as `Store.close`."""
        self._store.close()

    def _measured(self, command: Command, ask: Callable[[], Answer], bytes_sent: int = 0) -> Answer:
        started = perf_counter()
        try:
            return ask()
        except StoreError as error:
            self._meter.here.cell.node(self._node).failures[_failure(error)] += 1
            raise
        finally:
            seconds, cell = perf_counter() - started, self._meter.here.cell.node(self._node)
            cell.commands[command].add(seconds)
            cell.bytes_sent += bytes_sent


def _failure(error: StoreError) -> Failure:
    match error:
        case NodeTimeoutError():
            return Failure.TIMEOUT
        case NodeUnavailableError():
            return Failure.UNAVAILABLE
        case ValueTooLargeError():
            return Failure.TOO_LARGE
        case _:
            return Failure.PROTOCOL
