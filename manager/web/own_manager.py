"""The manager of a middleware: the one that it is given, or one that it makes of nodes and settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..manager import SessionManager
from ..settings import Settings

Nodes = str | Sequence[str] | Settings


def given_or_made(nodes: Nodes | None, manager: SessionManager | None, settings: Mapping[str, Any]) -> SessionManager:
    """Return the manager that was given, or a new one.

    Raises
    ------
    TypeError
        Both are given, or neither.
    ConfigurationError
        A setting is wrong.

    >>> given_or_made(None, None, {"route": "app1"})
    Traceback (most recent call last):
        ...
    TypeError: give the middleware nodes="host:port ...", or manager=SessionManager(...)
    """
    if manager is not None:
        if nodes is not None or settings:
            given = ", ".join(["nodes"] * (nodes is not None) + list(settings))
            raise TypeError(f"the middleware has a manager, which has its own settings: give {given} to that")
        return manager
    if nodes is None:
        raise TypeError('give the middleware nodes="host:port ...", or manager=SessionManager(...)')
    if isinstance(nodes, Settings):
        return SessionManager(nodes, **settings)
    return SessionManager(Settings(memcached_nodes=nodes, **settings))
