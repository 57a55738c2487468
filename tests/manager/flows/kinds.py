"""What kind of value it is, in words that fit into a table: ``list[tuple[str, Markup]]``, ``dict[str, float or str]``."""

from typing import Any

_DEEP = 2
"""So many levels of containers are told; what is further inside is named by its class."""


def kind_of(value: Any, depth: int = _DEEP) -> str:
    """Return the class of a value, and of what is in it."""
    name = type(value).__name__
    if not depth or not isinstance(value, (list, tuple, set, frozenset, dict)) or not value:
        return name
    if isinstance(value, dict):
        return f"{name}[{_of_all(value, depth)}, {_of_all(value.values(), depth)}]"
    if isinstance(value, tuple):
        return f"{name}[{', '.join(kind_of(each, depth - 1) for each in value)}]"
    return f"{name}[{_of_all(value, depth)}]"


def _of_all(values: Any, depth: int) -> str:
    return " or ".join(sorted({kind_of(each, depth - 1) for each in values}))
