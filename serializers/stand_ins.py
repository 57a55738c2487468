"""Stand-ins for objects whose classes are not to be imported, as a foreign pickle names them.

Invariant: a stand-in runs nothing of the class that it stands for; it remembers by which arguments, state and items the
object would have been made. No pickle can change a stand-in's class.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Iterable
from typing import Any, Self

_PAIR = 2


class StandInClass(type):
    """The type of the classes that are made here; reports show it as what it stands for, `type`."""

    __module__ = "builtins"
    __qualname__ = "type"

    traits: set[str]

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError("it changes a class")


class StandIn(metaclass=StandInClass):
    """An object of another class, as far as a pickle tells of it."""

    __slots__ = ("arguments", "elements", "keywords", "pairs", "state")

    traits: set[str] = set()  # noqa: RUF012 - of each class its own, see `stand_in_class`

    def __new__(cls, *arguments: object, **keywords: object) -> Self:
        """Remember what the object would have been made from."""
        made = object.__new__(cls)
        made.arguments, made.keywords = arguments, keywords
        made.state = None
        made.elements, made.pairs = [], []
        return made

    def __setstate__(self, state: object) -> None:
        """Remember the state."""
        self.state = state

    def extend(self, elements: Iterable[object]) -> None:
        """Remember elements of a list, as unpickling adds them."""
        self.elements.extend(elements)
        type(self).traits.add("elements")

    def append(self, element: object) -> None:
        """Remember an element of a list."""
        self.extend((element,))

    def add(self, element: object) -> None:
        """Remember an element of a set."""
        self.extend((element,))

    def __setitem__(self, key: object, value: object) -> None:
        """Remember a pair of a dict."""
        self.pairs.append((key, value))
        type(self).traits.add("elements")

    @property
    def attributes(self) -> dict[Any, Any]:
        """What the state says of attributes, those in slots included."""
        parts = self.state if type(self.state) is tuple and len(self.state) == _PAIR else (self.state,)
        found: dict[Any, Any] = {}
        for part in parts:
            if type(part) is dict:
                found.update(part)
        return found

    @property
    def rest(self) -> list[Any]:
        """The state, if it is not one of attributes."""
        state = self.state
        parts = state if type(state) is tuple and len(state) == _PAIR else (state,)
        return [] if all(part is None or type(part) is dict for part in parts) else [state]

    def plain(self) -> Any:
        """Return plain data that holds all of it: what a converter of the class would make, about."""
        others = [*self.arguments, *self.keywords.values(), *self.rest, *self.elements]
        pairs = [[key, value] for key, value in self.pairs]
        attributes = self.attributes
        if not (others or pairs):
            return attributes
        if len(others) == 1 and not (pairs or attributes):
            return others[0]
        return [*others, *pairs, *([attributes] if attributes else [])]


def stand_in_class(module: str, name: str) -> type[StandIn]:
    """Return a class that stands for the one of a module and a qualified name.

    >>> cart = stand_in_class("shop.models", "Cart")(7)
    >>> type(cart).__name__, type(cart).__module__, cart.arguments
    ('Cart', 'shop.models', (7,))
    """
    members = {"__slots__": (), "__module__": module, "__qualname__": name, "traits": set()}
    return StandInClass(name.rpartition(".")[2], (StandIn,), members)  # type: ignore[return-value]


def extends_builtin(cls: type) -> bool:
    """Return whether a class stands for one that extends a built-in container, as far as its instances have shown."""
    return issubclass(cls, StandIn) and bool(cls.traits)
