"""`register`: what an application calls for each class that its sessions hold."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from .registry import DEFAULT, ConverterRegistry

_Class = TypeVar("_Class", bound=type)


@overload
def register(
    cls: None = None,
    *,
    tag: str,
    fields: Iterable[str] | None = None,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    subclasses: bool = False,
    registry: ConverterRegistry = DEFAULT,
) -> Callable[[_Class], _Class]: ...
@overload
def register(
    cls: _Class,
    *,
    tag: str,
    fields: Iterable[str] | None = None,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    subclasses: bool = False,
    registry: ConverterRegistry = DEFAULT,
) -> _Class: ...
def register(
    cls: type | None = None,
    *,
    tag: str,
    fields: Iterable[str] | None = None,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    subclasses: bool = False,
    registry: ConverterRegistry = DEFAULT,
) -> Any:
    """Let instances of a class be kept in sessions; a call, or a decorator when `cls` is left out.

    Parameters
    ----------
    cls
        A dataclass, a class with slots, a named tuple, an Enum, a plain class, a class of attrs or a model of pydantic.
    tag
        The stable name in the payload. It stays when the class is renamed or moved.
    fields
        The attributes to keep; found by themselves unless given. Named tuples, Enums and models of pydantic bring
        theirs and take none. ``__init__`` is not called on reading.
    encode, decode
        Instead of fields: a function from an instance to plain data, and one back.
    subclasses
        Also keep instances of subclasses, which come back as what `decode` makes.
    registry
        Where to add it; the default registry unless given.

    Returns
    -------
    The class itself.

    Raises
    ------
    ValueError
        The tag or the class is taken, or the fields of the class cannot be found; the message gives the remedy.

    >>> from dataclasses import dataclass
    >>> @register(tag="doc.Item")
    ... @dataclass
    ... class Item:
    ...     sku: str
    ...     count: int = 1
    >>> from memcached_sessions.serializers import get_serializer
    >>> get_serializer("json").dumps(Item("a-1"))
    b'{"$doc.Item":{"sku":"a-1","count":1}}'
    """

    def add(target: _Class) -> _Class:
        registry.register(target, tag=tag, fields=fields, encode=encode, decode=decode, subclasses=subclasses)
        return target

    return add if cls is None else add(cls)
