"""Checks of the plain data that a converter is given to read, which may come from hostile bytes; and that what it
writes is all that there is.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Mapping
from typing import Any, TypeVar

from ..class_anatomy import GENERIC_MARK
from ..collisions import collision, hashes_collide
from ..errors import DeserializationError, SerializationError

_Plain = TypeVar("_Plain")


def expect(kind: type[_Plain], plain: Any) -> _Plain:
    """Return the plain data if it is exactly of that type.

    Raises
    ------
    DeserializationError
        It is not.

    >>> expect(str, "a")
    'a'
    """
    if type(plain) is not kind:
        raise DeserializationError(f"expected {kind.__name__}, found {type(plain).__name__}")
    return plain


def expect_list(plain: Any, length: int) -> list[Any]:
    """Return the plain data if it is a list of that length.

    Raises
    ------
    DeserializationError
        It is no list, or has another length.

    >>> expect_list([1, 2], 2)
    [1, 2]
    """
    items: list[Any] = expect(list, plain)
    if len(items) != length:
        raise DeserializationError(f"expected {length} items, found {len(items)}")
    return items


def expect_pairs(plain: Any) -> list[list[Any]]:
    """Return the plain data if it is a list of key and value pairs that a dict can be made of.

    >>> expect_pairs([["a", 1]])
    [['a', 1]]
    """
    pairs = [expect_list(pair, 2) for pair in expect(list, plain)]
    expect_hashable([key for key, _ in pairs])
    return pairs


def pairs_of(mapping: Mapping[Any, Any]) -> list[list[Any]]:
    """Return what a dict holds as the pairs that `expect_pairs` takes.

    >>> pairs_of({"a": 1})
    [['a', 1]]
    """
    return [[key, item] for key, item in mapping.items()]


def expect_lists_by_key(plain: Any) -> list[list[Any]]:
    """Return the plain data if it is a list of pairs as `expect_pairs` takes them, each with a list of values.

    >>> expect_lists_by_key([["a", [1, 2]]])
    [['a', [1, 2]]]
    """
    pairs = expect_pairs(plain)
    for _, items in pairs:
        expect(list, items)
    return pairs


def expect_hashable(elements: list[Any]) -> list[Any]:
    """Return elements that a set can be made of in a time that grows with their number, not with its square.

    Raises
    ------
    DeserializationError
        Too many of them have one hash.

    >>> expect_hashable([1, "a"])
    [1, 'a']
    """
    if hashes_collide(elements):
        raise DeserializationError(collision())
    return elements


def refuse_attributes(value: object, *known: str) -> None:
    """Refuse a container that carries attributes beside its items.

    Parameters
    ----------
    value
        The container, of a type whose instances can have attributes.
    known
        Attributes that its converter keeps, or that the library derives from the rest.

    Raises
    ------
    SerializationError
        It has another one.

    >>> class Form(dict): ...
    >>> form = Form(a=1)
    >>> form.note = "x"
    >>> refuse_attributes(form, "note")
    >>> refuse_attributes(form)
    Traceback (most recent call last):
        ...
    memcached_sessions.serializers.errors.SerializationError: this Form has an attribute 'note', which would be lost: \
put it into the session beside the Form
    """
    strays = [name for name in vars(value) if name not in known and name != GENERIC_MARK]
    if strays:
        name = type(value).__name__
        raise SerializationError(
            f"this {name} has an attribute {strays[0]!r}, which would be lost: "
            f"put it into the session beside the {name}"
        )
