"""What can be seen of sessions from outside of the application that has them."""

from typing import Any

from faults.onlooker import found_by_another_process
from memcached_process import MemcachedProcess

from memcached_sessions import SessionManager


def stored(memcached: MemcachedProcess, cookie: str | None) -> dict[str, Any]:
    """Return what another process would find under an id."""
    return next(found_by_another_process(f"n1:127.0.0.1:{memcached.port}", [cookie]))


def writes(memcached: MemcachedProcess) -> int:
    """Return how many values the node was sent so far."""
    return int(memcached.statistics()["cmd_set"])


def holds_no_request(manager: SessionManager) -> bool:
    """Whether all sessions of a manager with ``max_local_sessions=1`` were released: then a new one displaces them."""
    with manager.request(None) as session:
        session["newest"] = True
    return manager.health().sessions == 1
