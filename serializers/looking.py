"""What an instance holds, as far as it can be seen without running code of its class.

Invariants: nothing of the class is called, no property, ``__getattribute__``, ``__iter__`` or ``__dict__`` of its own.
Slots and instance attributes are read by the descriptors that Python made for them, items by the methods of the
built-in container that the class extends. What is told is the application's to mend: the attributes of a library's
class are left alone, what an ORM notes beside a row is left out, and the look ends `MOST_LEVELS` instances deep.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from .class_anatomy import builtin_base, derived_names
from .paths import ELEMENT, KEY, Place, key_step
from .stand_ins import StandIn
from .unregistered import class_name

MOST_LEVELS = 3
"""Instances, one within the other, that are looked into: behind them a view or a service leads to the whole program."""

_ORM_STATE = frozenset({"sqlalchemy.orm.state.InstanceState", "django.db.models.base.ModelState"})
"""What an ORM keeps in an attribute of a row: it leads to every table, and is made anew with the row."""

_LIBRARY_FOLDERS = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the attributes of a class are."""

    slots: tuple[tuple[str, MemberDescriptorType], ...] = ()
    namespace: GetSetDescriptorType | None = None
    """What reads the instance's own attributes; None: it has none, or the class has put something in its place."""
    derived: frozenset[str] = frozenset()


_NOTHING = _Layout()


class Looking:
    """Looks into instances; what it learns of a class it remembers.

    An application that is itself installed among the libraries is looked into only where it extends built-in
    containers: what its instances hold is met once their class is registered.

    >>> class Cart:
    ...     def __init__(self): self.items = ["tea"]
    >>> [str(place) for place in Looking().places(Place(Cart()))]
    ['items']
    """

    def __init__(self) -> None:
        self._layouts: dict[type, _Layout] = {}

    def places(self, place: Place) -> Iterator[Place]:
        """Yield the places in an instance; none in one that is too deep."""
        if place.looked < MOST_LEVELS:
            for step, item in self._held(place.value):
                if class_name(type(item)) not in _ORM_STATE:
                    yield place.inside(step, item, looked=1)

    def _held(self, value: Any) -> Iterator[tuple[str, Any]]:
        """Yield what an instance holds, each with the step to it."""
        cls = type(value)
        if issubclass(cls, StandIn):
            yield from _of_stand_in(value)
            return
        if issubclass(cls, dict):
            for key, item in dict.items(value):
                yield KEY, key
                yield key_step(key), item
        for base in (list, tuple, deque):
            if issubclass(cls, base):
                for index, item in enumerate(base.__iter__(value)):
                    yield f"[{index}]", item
        for base in (set, frozenset):
            if issubclass(cls, base):
                for item in base.__iter__(value):
                    yield ELEMENT, item
        for name, item in self._attributes(value).items():
            yield key_step(name), item

    def _attributes(self, value: object) -> dict[Any, Any]:
        cls = type(value)
        layout = self._layouts.get(cls)
        if layout is None:
            layout = self._layouts[cls] = _layout(cls)
        found: dict[Any, Any] = {}
        for name, slot in layout.slots:
            try:
                found[name] = slot.__get__(value, cls)
            except AttributeError:
                continue  # it is not set
        if layout.namespace is not None:
            found.update(layout.namespace.__get__(value, cls))
        if issubclass(cls, Enum):
            return {"value": found["_value_"]} if "_value_" in found else {}
        return {name: item for name, item in found.items() if name not in layout.derived} if layout.derived else found


def _layout(cls: type) -> _Layout:
    if issubclass(cls, (type, ModuleType)) or builtin_base(cls) is cls or _is_of_library(cls):
        return _NOTHING
    slots: list[tuple[str, MemberDescriptorType]] = []
    for base in reversed(cls.__mro__):
        if "__slots__" in vars(base):
            slots += [(name, each) for name, each in vars(base).items() if type(each) is MemberDescriptorType]
    namespace = next((vars(base)["__dict__"] for base in cls.__mro__ if "__dict__" in vars(base)), None)
    own = namespace if type(namespace) is GetSetDescriptorType else None
    return _Layout(tuple(slots), own, derived_names(cls))


def _is_of_library(cls: type) -> bool:
    """Return whether a class is of Python itself or of what was installed beside it."""
    if cls.__module__.partition(".")[0] in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return type(file) is str and not _LIBRARY_FOLDERS.isdisjoint(PurePath(file).parts)


def _of_stand_in(value: StandIn) -> Iterator[tuple[str, Any]]:
    for index, argument in enumerate((*value.arguments, *value.keywords.values(), *value.rest)):
        yield f"<argument {index}>", argument
    for index, element in enumerate(value.elements):
        yield f"[{index}]", element
    for key, item in (*value.pairs, *value.attributes.items()):
        yield key_step(key), item
