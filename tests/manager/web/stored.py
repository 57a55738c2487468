"""What can be seen of sessions from outside of the application that has them."""

from typing import Any

from faults.onlooker import found_by_another_process
from memcached_process import MemcachedProcess

from memcached_sessions import SessionManager
from memcached_sessions.manager.session_id import storage_key


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


def value_of(memcached: MemcachedProcess, sid: str) -> tuple[bytes, str]:
    """Return what is stored for a session, and its client flags."""
    head, _, rest = memcached.say(f"mg {storage_key(sid)} f v\r\n".encode()).partition(b"\r\n")
    return rest.removesuffix(b"\r\n"), head.split(b" f")[1].split(b" ")[0].decode()


def put_value(memcached: MemcachedProcess, sid: str, value: bytes, flags: str) -> None:
    """Store bytes for a session, as somebody who can reach the node."""
    command = f"ms {storage_key(sid)} {len(value)} F{flags}\r\n".encode() + value + b"\r\n"
    assert memcached.say(command).startswith(b"HD")
