"""Classes of every kind that can be registered, and a registry that knows them."""

from __future__ import annotations

import collections
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, Flag, IntEnum, StrEnum
from typing import Any, NamedTuple, TypeVar

from ..registry import ConverterRegistry


class Color(Enum):
    """An Enum, one member with a value that is no plain data."""

    RED = "red"
    BLUE = ("b", 2)


class Level(IntEnum):
    """An Enum that is an int."""

    LOW = 1
    HIGH = 2


class Unit(StrEnum):
    """An Enum that is a str."""

    KILO = "kg"


class Permission(Flag):
    """A Flag, whose members can be combined."""

    READ = 1
    WRITE = 2
    ADMIN = 4


@dataclass
class Item:
    """A dataclass with defaults."""

    sku: str
    price: object = None
    tags: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Point:
    """A frozen dataclass with slots, which can be a dict key."""

    x: object
    y: object = 0


class Size(NamedTuple):
    """A named tuple with a default."""

    width: int
    height: int = 1


class Slotted:
    """A class with slots, a private one among them, that need not all be set."""

    __slots__ = ("__secret", "left", "right")

    def __init__(self, left: object, secret: object) -> None:
        self.left = left
        self.__secret = secret

    def secret(self) -> object:
        """Return the private slot."""
        return self.__secret


class _Hidden:
    """A parent of a dataclass, with a slot that is no field."""

    __slots__ = ("hidden",)


@dataclass
class Inherited(_Hidden):
    """A dataclass whose parent keeps something in a slot."""

    name: str

    def __init__(self, name: str, hidden: object) -> None:
        self.name = name
        self.hidden = hidden


_T = TypeVar("_T")


@dataclass
class Generic(typing.Generic[_T]):
    """A generic class, whose instances `typing` marks."""

    value: _T | str


class _Positive:
    """A descriptor that keeps its value under its own name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> int:
        return vars(instance)[self.name]

    def __set__(self, instance: Any, value: int) -> None:
        if value <= 0:
            raise ValueError("not positive")
        vars(instance)[self.name] = value


class Described:
    """A plain class with a descriptor."""

    count = _Positive()

    def __init__(self, count: int) -> None:
        self.count = count


class Node:
    """A plain class whose instances refer to each other; ``__init__`` must not run on reading."""

    def __init__(self, name: str, parent: Node | None = None) -> None:
        if not name:
            raise ValueError("a node needs a name")
        self.name = name
        self.parent = parent
        self.children: list[Node] = []
        if parent:
            parent.children.append(self)


class Markup(str):
    """A subclass of str."""

    __slots__ = ()


class Tags(list[str]):
    """A subclass of list."""


Fields = dict[str, Any]


def sample_registry() -> ConverterRegistry:
    """Return a registry with the installed converters and these classes.

    >>> sample_registry().lower(Size(2))
    ('testing.Size', {'width': 2, 'height': 1})
    """
    registry = ConverterRegistry()
    for cls in (Color, Level, Unit, Permission, Item, Point, Size, Slotted, Inherited, Generic, Described, Node):
        registry.register(cls, tag=f"testing.{cls.__name__}")
    registry.register(Markup, tag="testing.Markup", encode=str, decode=Markup)
    registry.register(Tags, tag="testing.Tags", encode=list, decode=Tags)
    return registry


def _dataclass(fields: Fields) -> type:
    return dataclass(type("Product", (), _body(fields)))


def _slotted(fields: Fields) -> type:
    return dataclass(slots=True, frozen=True)(type("Product", (), _body(fields)))


def _named_tuple(fields: Fields) -> type:
    ordered = sorted(fields, key=lambda name: fields[name] is not ...)  # those without default come first
    defaults = [fields[name] for name in ordered if fields[name] is not ...]
    return collections.namedtuple("Product", ordered, defaults=defaults)  # noqa: PYI024 # pyright: ignore[reportUntypedNamedTuple]


def _body(fields: Fields) -> dict[str, Any]:
    defaults = {name: default for name, default in fields.items() if default is not ...}
    return {"__annotations__": dict.fromkeys(fields, object), "__module__": __name__, **defaults}


VERSIONS: dict[str, Callable[[Fields], type]] = {
    "dataclass": _dataclass,
    "frozen slots": _slotted,
    "named tuple": _named_tuple,
}
"""Makers of a class with fields, given by name with their defaults, `...` for a field that has none: what an
application has under one tag before and after a deploy."""
