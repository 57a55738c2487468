"""Stand-ins for objects whose classes are not to be imported, as a foreign pickle names them.

Invariant: a stand-in runs nothing of the class that it stands for; it remembers by which arguments, state and items the
object would have been made. No pickle can change a stand-in's class.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Iterable
from typing import Any, Self

_PAIR = 2
_OF_ERRORS = ("Error", "Exception", "Warning")
"""What names of exceptions end with: their pickles look like those of enumerations."""


class StandInClass(type):
    """The type of the classes that are made here; reports show it as what it stands for, `type`."""

    __module__ = "builtins"
    __qualname__ = "type"

    traits: set[str]
    """What pickles have shown of the class, in words that the functions below ask for."""

    def __call__(cls, *arguments: object, **keywords: object) -> Any:
        """Make an instance as a call does, of which pickle has many that are functions."""
        cls.traits.add("called")
        if cls.__name__.endswith(_OF_ERRORS):
            cls.traits.add("builtin")
        return _made(cls, arguments, keywords)

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError("it changes a class")


class StandIn(metaclass=StandInClass):
    """An object of another class, as far as a pickle tells of it."""

    __slots__ = ("arguments", "elements", "keywords", "pairs", "state")

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    state: Any
    elements: list[Any]
    pairs: list[tuple[Any, Any]]

    traits: set[str] = set()  # noqa: RUF012 - of each class its own, see `stand_in_class`

    def __new__(cls, *arguments: object, **keywords: object) -> Self:
        """Remember what the object would have been made from, by a class alone: no function is asked in this way."""
        cls.traits.add("class")
        if len(arguments) == 1 and not keywords:
            cls.traits.add("builtin")  # how pickle makes what extends int, str and the like
        return _made(cls, arguments, keywords)

    def __setstate__(self, state: object) -> None:
        """Remember the state."""
        self.state = state
        type(self).traits.add("class")

    def extend(self, elements: Iterable[object]) -> None:
        """Remember elements of a list, as unpickling adds them."""
        self.elements.extend(elements)
        type(self).traits.add("builtin")

    def append(self, element: object) -> None:
        """Remember an element of a list."""
        self.extend((element,))

    def add(self, element: object) -> None:
        """Remember an element of a set."""
        self.extend((element,))

    def __setitem__(self, key: object, value: object) -> None:
        """Remember a pair of a dict."""
        self.pairs.append((key, value))
        type(self).traits.add("builtin")

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
    """Return whether a class stands for one that extends a built-in type, as far as its instances have shown.

    >>> amount = stand_in_class("shop.models", "Amount")
    >>> _ = amount.__new__(amount, 5)
    >>> extends_builtin(amount)
    True
    """
    return issubclass(cls, StandIn) and "builtin" in cls.traits


def is_made_by_function(cls: type[StandIn]) -> bool:
    """Return whether a stand-in's name is that of a function which makes the object, as far as can be seen.

    Names of functions begin with a small letter, and pickle does with them nothing but to call them.

    >>> make_red = stand_in_class("shop.models", "make_red")
    >>> _ = make_red(1)
    >>> is_made_by_function(make_red)
    True
    """
    return "called" in cls.traits and "class" not in cls.traits and cls.__name__.lstrip("_")[:1].islower()


def _made(cls: Any, arguments: tuple[object, ...], keywords: dict[str, object]) -> Any:
    made = object.__new__(cls)
    made.arguments, made.keywords = arguments, keywords
    made.state = None
    made.elements, made.pairs = [], []
    return made
