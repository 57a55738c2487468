"""Sessions for Python web applications that survive the death of a process and of a memcached node.

This module only re-exports, and imports what is asked for when it is asked for: a process that needs the
serializers alone never loads the rest.

>>> import memcached_sessions
>>> memcached_sessions.get_serializer("json").dumps({"user_id": 7})
b'{"user_id":7}'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .manager import Session as Session
    from .manager import SessionManager as SessionManager
    from .serializers import get_serializer as get_serializer
    from .serializers import register as register

__version__ = "0.1.0"

_HOMES = {
    "Session": ".manager",
    "SessionManager": ".manager",
    "get_serializer": ".serializers",
    "register": ".serializers",
}

__all__ = ["Session", "SessionManager", "__version__", "get_serializer", "register"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
