"""The sessions of the benchmark of memcached-session-manager, the Java original, in their Python equivalents.

A session holds two strings, a list of persons and a tree of components. Every person but the first has the one before
it as a friend, so the persons are a chain of shared references; every component knows its parent, so the tree is full
of cycles. Only serializers with references can take that: it is what Kryo was chosen for. The sizes are persons / k:
10/2, 100/3 and 500/4, where the tree has a root, k children and k * k grandchildren, so 7, 13 and 21 components (the
original printed 7, 31 and 261).

Nothing here is random, so there is no seed. What the original takes from the clock is a fixed moment, and strings that
are one literal there, such as the street of every person, are one object here too. Unlike the original, whose
components Java's serialization silently left out, everything is registered and the round trip is checked.

`MyContainer` stands for the zoo of field types in the original:

====================================================  =====================================================
Java                                                  Python
====================================================  =====================================================
int, long, Integer, Long, Short, Byte                 int, each near the limit of its Java type
AtomicInteger, AtomicLong                             int: no such class in Python
MutableInt                                            `MutableInt`, a registered plain class
boolean, Boolean                                      bool
float, double, Float, Double                          float
BigDecimal                                            Decimal
char, Character                                       str of length 1
String, StringBuilder, StringBuffer                   str
Class                                                 str, its qualified name: a payload names no class
Date                                                  aware datetime in UTC
Calendar                                              aware datetime with a ZoneInfo
Currency, the gender                                  Enum
List, arrays of int, long, short, float and double    list
byte[]                                                bytearray
char[]                                                list of str of length 1
Integer[], String[], Person[]                         list
Set                                                   set
Map                                                   dict
====================================================  =====================================================
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from ...serializers import ConverterRegistry
from ..workload import Workload

_NOW = datetime(2026, 5, 17, 10, 30, 0, 123_000, tzinfo=UTC)


class Gender(Enum):
    """As a bean of the original has it."""

    FEMALE = "FEMALE"
    MALE = "MALE"


class Currency(Enum):
    """The currency of a container, by its ISO 4217 code."""

    EUR = "EUR"
    USD = "USD"


class Email:
    """A plain bean."""

    def __init__(self, name: str, email: str) -> None:
        self.name = name
        self.email = email


class Address:
    """A plain bean."""

    def __init__(self, street: str, zip_code: str, city: str, country: str) -> None:
        self.street = street
        self.zip_code = zip_code
        self.city = city
        self.country = country


class Person:
    """A plain bean with references to others of its kind."""

    def __init__(self, number: int, friends: list["Person"]) -> None:
        self.name = f"Firstname{number} Lastname{number}"
        self.gender = Gender.MALE if number % 2 else Gender.FEMALE
        self.date_of_birth = datetime(1984, 5, 17, 10, 30, tzinfo=UTC)
        self.age = 42
        self.props = {f"email{entry}": Email(self.name, f"email{number}-{entry + 1}@example.org") for entry in range(3)}
        self.friends = friends
        self.addresses = [Address("route66", "123456", "sincity", "sincountry")]


class Component:
    """A node of a tree that knows its parent."""

    def __init__(self, name: str, parent: "Component | None" = None) -> None:
        self.name = name
        self.parent = parent
        self.children: list[Component] = []

    def grow(self, count: int) -> None:
        """Add children."""
        self.children = [Component(f"{self.name}.{number}", self) for number in range(count)]


class MutableInt:
    """A number that can be changed in place."""

    def __init__(self, value: int) -> None:
        self.value = value


@dataclass(eq=False)
class MyContainer:
    """One field of everything; the table above says what each stands for."""

    person: list[Person]
    an_int: int = 2**31 - 1
    a_long: int = 2**63 - 1
    a_boolean: bool = True
    a_boolean_object: bool = False
    a_class: str = "java.lang.String"
    a_string: str = "foo"
    a_string_builder: str = "built"
    a_string_buffer: str = "buffered"
    a_long_object: int = -(2**63)
    an_integer_object: int = -(2**31)
    a_character: str = "c"
    a_byte: int = 127
    a_double: float = 1.7976931348623157e308
    a_float: float = 3.4028234663852886e38
    a_short: int = 32_767
    a_big_decimal: Decimal = Decimal("12345678901234567890.1234567890")
    an_atomic_integer: int = 42
    an_atomic_long: int = 42_000_000_000
    a_mutable_int: MutableInt = field(default_factory=lambda: MutableInt(7))
    integers: list[int] = field(default_factory=lambda: [13, 27])
    a_date: datetime = _NOW
    a_calendar: datetime = field(default_factory=lambda: _NOW.astimezone(ZoneInfo("Europe/Berlin")))
    a_currency: Currency = Currency.EUR
    a_list: list[str] = field(default_factory=lambda: ["foo", "bar"])
    a_set: set[str] = field(default_factory=lambda: {"one", "two"})
    a_map: dict[str, int] = field(default_factory=lambda: {"first": 1, "second": 2})
    ints: list[int] = field(default_factory=lambda: [1, 2])
    longs: list[int] = field(default_factory=lambda: [2**40, 2**41])
    shorts: list[int] = field(default_factory=lambda: [3, 4])
    floats: list[float] = field(default_factory=lambda: [1.5, 2.25])
    doubles: list[float] = field(default_factory=lambda: [0.1, 0.2])
    some_bytes: bytearray = field(default_factory=lambda: bytearray(b"\x01\xfe"))
    chars: list[str] = field(default_factory=lambda: ["a", "\N{EURO SIGN}"])
    strings: list[str] = field(default_factory=lambda: ["first string", "second string"])


def build_session(persons: int, edge: int, *, container: bool) -> dict[str, object]:
    """Return a session of the original benchmark.

    Parameters
    ----------
    persons
        How many persons.
    edge
        How many children the root of the component tree has, and each of them.
    container
        Add a `MyContainer`, which has a person of its own.

    >>> session = build_session(10, 2, container=False)
    >>> session["persons"][9].friends[0] is session["persons"][8]
    True
    """
    session: dict[str, object] = {
        "stringbuffer": "<string\n&buffer/>",
        "stringbuilder": "<string\n&buffer/>",
        "persons": _persons(persons),
        "component": _component(edge),
    }
    if container:
        session["mycontainer"] = MyContainer(person=_persons(1))
    return session


def register_classes(registry: ConverterRegistry) -> None:
    """Register the classes of `build_session`."""
    for cls in (Address, Component, Currency, Email, Gender, MutableInt, MyContainer, Person):
        registry.register(cls, tag=f"bench.msm.{cls.__name__}")


def _persons(count: int) -> list[Person]:
    persons: list[Person] = []
    for number in range(count):
        persons.append(Person(number, friends=persons[-1:]))
    return persons


def _component(edge: int) -> Component:
    root = Component("root")
    root.grow(edge)
    for child in root.children:
        child.grow(edge)
    return root


def _workload(kind: str, persons: int, edge: int) -> Workload:
    container = kind == "full"
    return Workload(
        name=f"msm-{kind}-{persons}",
        description=(
            f"msm's benchmark: {persons} persons in a chain of references, "
            f"{1 + edge + edge * edge} components in cycles{', and MyContainer' if container else ''}"
        ),
        seed=None,
        build=lambda: build_session(persons, edge, container=container),
        register=register_classes,
    )


PERSONS_10 = _workload("persons", 10, 2)
PERSONS_100 = _workload("persons", 100, 3)
PERSONS_500 = _workload("persons", 500, 4)
FULL_10 = _workload("full", 10, 2)
FULL_100 = _workload("full", 100, 3)
FULL_500 = _workload("full", 500, 4)
