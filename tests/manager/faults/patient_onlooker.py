"""What another process finds of sessions on nodes that all answer, however busy the machine is.

`onlooker` takes a node that does not answer in half a second for one that is down, as an application does, and finds
nothing of what it holds. Whoever asks what is there after a process has died, or what was lost, wants to know.
"""

from collections.abc import Iterable
from typing import Any

from memcached_sessions import SessionManager
from memcached_sessions.manager.runtime import ThreadRuntime
from memcached_sessions.manager.settings import Settings

from .onlooker import _ReadOnly

PATIENCE = 20.0
"""Seconds."""


def found_with_patience(nodes: str, ids: Iterable[str | None]) -> list[dict[str, Any]]:
    """Return what sessions hold for a process that has never heard of them; nothing, where it finds none.

    Parameters
    ----------
    nodes
        As the setting ``memcached_nodes``.
    ids
        Of the sessions.
    """
    settings = Settings(memcached_nodes=nodes, route="onlooker")
    timeouts = {"operation_timeout": PATIENCE, "connect_timeout": PATIENCE}
    stores = {
        node.name: _ReadOnly(node.label, (node.address.host, node.address.port), **timeouts)
        for node in settings.node_list.nodes
    }
    found: list[dict[str, Any]] = []
    # A runtime of our own: nobody watches the nodes, and so nobody tries to repair them.
    with SessionManager(settings, stores=stores, runtime=ThreadRuntime()) as manager:
        for session_id in ids:
            session = manager.open(session_id)
            try:
                found.append(session.copy())
            finally:
                manager.release(session)
        assert all(node.available for node in manager.health().nodes), manager.health()
    return found
