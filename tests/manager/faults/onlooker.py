"""What another process would find of a session on the nodes, without changing anything there."""

from collections.abc import Iterable, Iterator
from typing import Any

from memcached_sessions import SessionManager
from memcached_sessions.manager.errors import NodeUnavailableError
from memcached_sessions.manager.runtime import ThreadRuntime
from memcached_sessions.manager.settings import Settings
from memcached_sessions.manager.stores.memcached_store import MemcachedStore
from memcached_sessions.manager.stores.store import Cas, Item, Outcome, Written


class _ReadOnly(MemcachedStore):
    """A node that takes no writes, and no touch."""

    def get(self, key: str, *, value: bool = True, touch: int | None = None, renew: bool = False) -> Item | None:
        del touch, renew
        return super().get(key, value=value)

    def add(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        del value, flags, ttl
        raise self._refusal(key)

    def replace(self, key: str, value: bytes, *, cas: Cas, flags: int, ttl: int | None) -> Written:
        del value, cas, flags, ttl
        raise self._refusal(key)

    def set(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        del value, flags, ttl
        raise self._refusal(key)

    def delete(self, key: str, *, cas: Cas) -> Outcome:
        del cas
        raise self._refusal(key)

    def _refusal(self, key: str) -> NodeUnavailableError:
        return NodeUnavailableError("this is an onlooker", node=self._node, key=key)


def found_by_another_process(nodes: str, cookies: Iterable[str | None]) -> Iterator[dict[str, Any]]:
    """Yield what sessions hold for a process that has never heard of them; nothing, where it finds none.

    Parameters
    ----------
    nodes
        As the setting ``memcached_nodes``.
    cookies
        The ids.
    """
    settings = Settings(memcached_nodes=nodes, route="onlooker")
    stores = {
        node.name: _ReadOnly(node.label, (node.address.host, node.address.port)) for node in settings.node_list.nodes
    }
    # A runtime of our own: nobody watches the nodes, and so nobody tries to repair them.
    with SessionManager(settings, stores=stores, runtime=ThreadRuntime()) as manager:
        for cookie in cookies:
            session = manager.open(cookie)
            try:
                yield session.copy()
            finally:
                manager.release(session)
