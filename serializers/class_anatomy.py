"""What a class says of its instances: whether fields can be all of them, their slots, and what is computed from others.

Invariant: nothing that a class defines is called.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Callable, Iterator
from enum import Enum
from functools import cached_property
from inspect import isabstract
from types import FunctionType

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: set for classes made by a class statement, and for some of C
GENERIC_MARK = "__orig_class__"
"""Where `typing` notes the arguments of a generic class in an instance."""
ATTRS_HASH = "_attrs_cached_hash"
"""Where attrs keeps the hash of an instance."""


def builtin_base(cls: type) -> type | None:
    """Return the type written in C that a class is or extends, `object` apart: it holds state that no field shows.

    >>> class Tags(list): ...
    >>> builtin_base(Tags)
    <class 'list'>
    """
    if issubclass(cls, Enum) or hasattr(cls, "_fields"):
        return None
    return next((base for base in cls.__mro__[:-1] if not base.__flags__ & _HEAP_TYPE), None)


def can_be_made_empty(cls: type) -> bool:
    """Return whether an instance without any field can be made: not of a class of C that makes its own.

    Those of Cython and Rust are such, and most of them are no built-in types by `builtin_base`. What `object.__new__`
    would make of them is broken.

    >>> import re
    >>> can_be_made_empty(re.Pattern), can_be_made_empty(cached_property)
    (False, True)
    """
    # None can be made of what is abstract, and `__del__` in Python would run on it: the parent is made in the same way.
    while cls.__base__ and (isabstract(cls) or isinstance(getattr(cls, "__del__", None), FunctionType)):
        cls = cls.__base__
    try:
        object.__new__(cls)
    except TypeError:
        return False
    return True


def derived_names(cls: type) -> frozenset[str]:
    """Return the attributes of an instance that are not state: cached properties, and the mark of generic classes.

    >>> class Order:
    ...     @cached_property
    ...     def total(self): return 3
    >>> "total" in derived_names(Order)
    True
    """
    return frozenset((*names_of(cls, lambda attribute: isinstance(attribute, cached_property)), GENERIC_MARK))


def slots_of(cls: type) -> tuple[str, ...]:
    """Return the names of the slots of a class and its parents, as attributes are named, the parents' first.

    >>> class Point:
    ...     __slots__ = ("x", "__y")
    >>> slots_of(Point)
    ('x', '_Point__y')
    """
    names: list[str] = []
    for base in reversed(cls.__mro__):
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name in ("__dict__", "__weakref__"):
                continue
            private = name.startswith("__") and not name.endswith("__")
            names.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(dict.fromkeys(names))


def names_of(cls: type, wanted: Callable[[object], bool]) -> Iterator[str]:
    """Return the names of the attributes of a class, and its parents, that are wanted.

    >>> list(names_of(cached_property, lambda attribute: isinstance(attribute, dict)))
    []
    """
    for base in cls.__mro__:
        for name, attribute in vars(base).items():
            if wanted(attribute):
                yield name
