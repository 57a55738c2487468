"""Classes of every kind that can be registered, and a registry that knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, Flag, IntEnum, StrEnum
from typing import Any, NamedTuple

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


def sample_registry() -> ConverterRegistry:
    """Return a registry with the installed converters and these classes.

    >>> sample_registry().lower(Size(2))
    ('testing.Size', {'width': 2, 'height': 1})
    """
    registry = ConverterRegistry()
    for cls in (Color, Level, Unit, Permission, Item, Point, Size, Slotted, Node):
        registry.register(cls, tag=f"testing.{cls.__name__}")
    registry.register(Markup, tag="testing.Markup", encode=str, decode=Markup)
    registry.register(Tags, tag="testing.Tags", encode=list, decode=Tags)
    return registry


def two_versions(old: dict[str, Any], new: dict[str, Any]) -> tuple[type, type]:
    """Return two versions of a dataclass, as an application has them before and after a deploy.

    Parameters
    ----------
    old, new
        Field names to defaults; `...` for a field that has none.
    """
    return _version(old), _version(new)


def _version(fields: dict[str, Any]) -> type:
    namespace: dict[str, Any] = {"__annotations__": dict.fromkeys(fields, object), "__module__": __name__}
    namespace.update((name, default) for name, default in fields.items() if default is not ...)
    return dataclass(type("Product", (), namespace))
