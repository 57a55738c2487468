"""What an instance holds, as far as it can be seen without running code of its class.

Invariant: nothing of the class is called, no property, ``__getattribute__``, ``__iter__`` or ``__dict__`` of its own.
Slots and instance attributes are read by the descriptors that Python made for them, items by the methods of the
built-in container that the class extends.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from .class_anatomy import builtin_base, derived_names
from .paths import ELEMENT, KEY, Place, key_step
from .stand_ins import StandIn


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

    >>> class Cart:
    ...     def __init__(self): self.items = ["tea"]
    >>> [str(place) for place in Looking().places(Place(Cart()))]
    ['items']
    """

    def __init__(self) -> None:
        self._layouts: dict[type, _Layout] = {}

    def places(self, place: Place) -> Iterator[Place]:
        """Yield the places in an instance."""
        value, cls = place.value, type(place.value)
        if issubclass(cls, StandIn):
            yield from _of_stand_in(place, value)
            return
        if issubclass(cls, dict):
            for key, item in dict.items(value):
                yield place.inside(KEY, key)
                yield place.inside(key_step(key), item)
        for base in (list, tuple, deque):
            if issubclass(cls, base):
                for index, item in enumerate(base.__iter__(value)):
                    yield place.inside(f"[{index}]", item)
        for base in (set, frozenset):
            if issubclass(cls, base):
                for item in base.__iter__(value):
                    yield place.inside(ELEMENT, item)
        for name, item in self._attributes(value).items():
            yield place.inside(key_step(name), item)

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
    if issubclass(cls, (type, ModuleType)) or builtin_base(cls) is cls:
        return _NOTHING
    slots: list[tuple[str, MemberDescriptorType]] = []
    for base in reversed(cls.__mro__):
        if "__slots__" in vars(base):
            slots += [(name, each) for name, each in vars(base).items() if type(each) is MemberDescriptorType]
    namespace = next((vars(base)["__dict__"] for base in cls.__mro__ if "__dict__" in vars(base)), None)
    own = namespace if type(namespace) is GetSetDescriptorType else None
    return _Layout(tuple(slots), own, derived_names(cls))


def _of_stand_in(place: Place, value: StandIn) -> Iterator[Place]:
    for index, argument in enumerate((*value.arguments, *value.keywords.values(), *value.rest)):
        yield place.inside(f"<argument {index}>", argument)
    for index, element in enumerate(value.elements):
        yield place.inside(f"[{index}]", element)
    for key, item in (*value.pairs, *value.attributes.items()):
        yield place.inside(key_step(key), item)
