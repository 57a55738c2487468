"""Kinds of classes whose fields a library declares: attrs classes, pydantic models, and whatever a plug-in knows.

An entry point of the group ``memcached_sessions.class_kinds`` names a function ``(cls, tag, fields, *, subclasses)``
that returns the converter of a class of its kind, by its fields, and None for any other. Invariants: it is asked when a
class is registered, so such a class exists and its library was imported; Enums and named tuples are no library's. A
dataclass may be, or extend a class of one.
"""

import logging
from collections.abc import Callable
from enum import Enum
from typing import Any, cast

from .converter import Converter
from .errors import PluginError
from .plugins import Plugin, known

_KINDS = "memcached_sessions.class_kinds"
_log = logging.getLogger("memcached_sessions")

Kind = Callable[..., Converter | None]


def converter_of_kind(cls: Any, tag: str, fields: tuple[str, ...] | None, *, subclasses: bool) -> Converter | None:
    """Return the converter of a class whose fields a library declares; None for any other.

    Parameters are those of `converter_of_class`.

    Raises
    ------
    ValueError
        The class is of such a kind, and cannot be registered so; the message gives the remedy.

    >>> class Plain: ...
    >>> converter_of_kind(Plain, "shop.Plain", None, subclasses=False) is None
    True
    """
    if issubclass(cls, (Enum, tuple)):
        return None
    of_kinds = (kind(cls, tag, fields, subclasses=subclasses) for kind in _kinds())
    return next((converter for converter in of_kinds if converter), None)


def _kinds() -> list[Kind]:
    found: list[Kind] = []
    for plugin in known(_KINDS).values():
        for claimant in plugin.claimants():
            kind = _loaded.get(claimant) or _load(claimant)
            if kind:
                found.append(kind)
    return found


def _load(plugin: Plugin) -> Kind | None:
    try:
        kind = _loaded[plugin] = cast("Kind", plugin.load())
    except PluginError as error:
        # Its classes are registered as plain ones until it can be loaded, as after a circular import.
        if _failed.get(plugin) != str(error):
            _failed[plugin] = str(error)
            _log.warning("classes of kind %s: %s", plugin.name, error)
        return None
    return kind


_loaded: dict[Plugin, Kind] = {}
_failed: dict[Plugin, str] = {}
