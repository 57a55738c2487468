"""Classes as applications write them, of each kind, and their registration."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from typing import NamedTuple, Self

from ...serializers import ConverterRegistry


class Colour(Enum):
    """An Enum."""

    RED = "red"
    BLUE = "blue"


class Priority(IntEnum):
    """An Enum that is an int."""

    LOW = 1
    HIGH = 2


class Unit(str, Enum):  # noqa: UP042 - StrEnum is another one
    """An Enum that is a str, as code older than `enum.StrEnum` has it."""

    KILOGRAM = "kg"


class Permission(Flag):
    """A Flag, whose members are combined."""

    READ = 1
    WRITE = 2


class Size(NamedTuple):
    """A named tuple."""

    width: int
    height: int


@dataclass
class Item:
    """A dataclass."""

    sku: str
    price: Decimal
    tags: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Coupon:
    """A frozen dataclass."""

    code: str
    percent: int


@dataclass(slots=True)
class Address:
    """A dataclass with slots."""

    street: str
    city: str


class Point:
    """A class with slots."""

    __slots__ = ("x", "y")

    def __init__(self, x: int, y: int) -> None:
        self.x = x
        self.y = y


class Visitor:
    """A plain class, whose instances may refer to each other."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.friends: list[Self] = []


class SafeText(str):
    """A subclass of str: a template's mark for text that is no HTML any more."""

    __slots__ = ()


class UserId(int):
    """A subclass of int."""


class Attributes(dict[str, object]):
    """A subclass of dict."""


class Tags(list[str]):
    """A subclass of list."""


def register_own_classes(registry: ConverterRegistry) -> None:
    """Register them all, each under its name."""
    for cls in (Colour, Priority, Unit, Permission, Size, Item, Coupon, Address, Point, Visitor):
        registry.register(cls, tag=f"fidelity.{cls.__name__}")
    registry.register(SafeText, tag="fidelity.SafeText", encode=str, decode=SafeText)
    registry.register(UserId, tag="fidelity.UserId", encode=int, decode=UserId)
    registry.register(Attributes, tag="fidelity.Attributes", encode=dict, decode=Attributes)
    registry.register(Tags, tag="fidelity.Tags", encode=list, decode=Tags)
