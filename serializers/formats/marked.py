"""Tags as dicts of one pair, for libraries without types of their own that sessions could use.

The key is a mark and the tag: ``{"$decimal": "9.90"}``. Lowering rules with this mark write a dict that looks like that
as its pairs. A format that must not be looked through when there is nothing to find writes a value that holds marks as
the content of the bare mark, ``{"$": value}``, and one without them as it is.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from typing import Any

from ..lowering import MAX_DEPTH
from .tree import Lift

MARK = "$"


def marked(tag: str, plain: object) -> dict[str, object]:
    """Return plain data under its tag.

    >>> marked("tuple", [1, 2])
    {'$tuple': [1, 2]}
    """
    return {MARK + tag: plain}


def announced(lowered: object, converted: int) -> object:
    """Return what is written of a value, which says whether there are marks in it.

    Parameters
    ----------
    lowered, converted
        What the lowering pass returned.

    >>> announced({"seats": 2}, 0), announced({"seats": {"$tuple": [1, 2]}}, 1)
    ({'seats': 2}, {'$': {'seats': {'$tuple': [1, 2]}}})
    """
    return {MARK: lowered} if converted else lowered


def lift_announced(read: Any, lift: Lift) -> Any:
    """Return the value of what `announced` returned, as the library has read it.

    >>> lift_announced({"$": [{"$tuple": [1, 2]}]}, lambda tag, plain: (tag, plain))
    [('tuple', [1, 2])]
    >>> lift_announced([{"$tuple": [1, 2]}], lambda tag, plain: (tag, plain))
    [{'$tuple': [1, 2]}]
    """
    if type(read) is dict and len(read) == 1 and MARK in read:
        return lift_marked(read[MARK], lift)
    return read


def lift_marked(read: Any, lift: Lift) -> Any:
    """Return data with its marked dicts replaced by what `lift` makes of them; it is fresh, so it is changed in place.

    Raises
    ------
    ValueError
        It has more levels than a lowering pass hands on. What `lift` raises is passed on.

    >>> lift_marked({"seats": {"$tuple": [1, 2]}}, lambda tag, plain: (tag, plain))
    {'seats': ('tuple', [1, 2])}
    """
    return _lift(read, lift, MAX_DEPTH)


def _lift(node: Any, lift: Lift, depth: int) -> Any:
    kind = type(node)
    if not depth and (kind is list or kind is dict):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if kind is list:
        for index, item in enumerate(node):
            inner = type(item)
            if inner is dict or inner is list:
                node[index] = _lift(item, lift, depth - 1)
    elif kind is dict:
        if len(node) == 1:
            ((name, plain),) = node.items()
            if name.startswith(MARK):
                return lift(name[len(MARK) :], _lift(plain, lift, depth - 1))
        for name, item in node.items():
            inner = type(item)
            if inner is dict or inner is list:
                node[name] = _lift(item, lift, depth - 1)
    return node
