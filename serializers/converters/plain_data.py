"""Checks of the plain data that a converter is given to read: it may come from hostile bytes."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from typing import Any, TypeVar

_Plain = TypeVar("_Plain")


def expect(kind: type[_Plain], plain: Any) -> _Plain:
    """Return the plain data if it is exactly of that type.

    Raises
    ------
    TypeError
        It is not.

    >>> expect(str, "a")
    'a'
    """
    if type(plain) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {type(plain).__name__}")
    return plain


def expect_list(plain: Any, length: int) -> list[Any]:
    """Return the plain data if it is a list of that length.

    Raises
    ------
    TypeError
        It is no list.
    ValueError
        It has another length.

    >>> expect_list([1, 2], 2)
    [1, 2]
    """
    items: list[Any] = expect(list, plain)
    if len(items) != length:
        raise ValueError(f"expected {length} items, found {len(items)}")
    return items


def expect_pairs(plain: Any) -> list[list[Any]]:
    """Return the plain data if it is a list of key and value pairs.

    >>> expect_pairs([["a", 1]])
    [['a', 1]]
    """
    return [expect_list(pair, 2) for pair in expect(list, plain)]
