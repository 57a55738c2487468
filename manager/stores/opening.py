"""From the node list to one store for each node. Invariant: in a dry run there is none that could reach a node."""

from collections.abc import Callable

from ..node_list import Node
from ..settings import Settings
from .memcached_store import MemcachedStore
from .memory_store import MemoryStore
from .store import Store
from .tls import tls_context


def open_stores(settings: Settings, *, clock: Callable[[], float]) -> dict[str, Store]:
    """Return a store for each node, by its name; nothing is connected yet.

    Parameters
    ----------
    settings
        Of the manager.
    clock
        Returns seconds since the epoch, for stores in memory.
    """
    return {node.name: open_store(node, settings, clock) for node in settings.node_list.nodes}


def open_store(node: Node, settings: Settings, clock: Callable[[], float]) -> Store:
    """Return the store of one node; as `open_stores`."""
    address = node.address
    if address.kind == "memory" or settings.dry_run:
        shared = "" if settings.dry_run else address.host
        return MemoryStore(shared, clock=clock, item_limit=settings.max_session_bytes)
    return MemcachedStore(
        node.label,
        address.path if address.kind == "unix" else (address.host, address.port),
        operation_timeout=settings.operation_timeout,
        write_timeout=settings.session_backup_timeout,
        connect_timeout=settings.connect_timeout,
        max_pool_size=settings.max_pool_size,
        username=settings.username,
        password=settings.password,
        tls_context=tls_context(settings) if address.kind == "tls" else None,
    )
