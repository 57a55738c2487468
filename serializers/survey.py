"""What a value is made of: its types, and all that serializers would refuse in it, not the first of it alone.

Invariants: `survey` refuses nothing and changes nothing; it visits an object once, however many references lead to it.
An instance that has no converter, or whose converter fails, is looked into as far as that runs no code of its class:
slots, instance attributes, and the items of what extends a built-in container. No value is in what it tells: types,
places, and keys as `paths.key_step` shows them.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from itertools import islice
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from .classes import builtin_base, derived_names
from .errors import SerializationError
from .paths import ATOMS, KEY, Place, key_step, lower, of_plain, walk_into
from .registry import ConverterRegistry, class_name, register_line, unregistered
from .stand_ins import StandIn

MOST_PLACES = 1_000_000
"""Places of a value that are looked at."""

MOST_PATHS = 10
"""Places of one finding that are told, those that differ in an index alone counted as one."""

_MOST_LOOKED_FOR = 200
"""Times that a finding is met before no more of its places are looked for: the path to each takes time."""

_INDEX = re.compile(r"\[-?\d+\]| \d+ more ")


class FindingKind(StrEnum):
    """Why a value cannot be kept."""

    UNREGISTERED = "unregistered"
    """Its class has no converter."""
    CONVERTER = "converter"
    """Its converter fails on it."""
    REFUSED = "refused"
    """The format does not keep it; known from trying, not from a survey."""
    CHANGED = "changed"
    """It comes back as something else; known from trying."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Values of one class that no serializer can keep, for one reason."""

    kind: FindingKind
    type: str
    """The name of the class, with its module unless it is built in."""
    problem: str
    """What is wrong and what to do, in the words of the error that serializers raise."""
    register: str | None
    """The call of `register` that the class needs; None where that is not the remedy."""
    count: int
    paths: tuple[str, ...]
    """Where the first ones are, `MOST_PATHS` at most; of places that differ in an index alone the first."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a value is made of."""

    types: Mapping[str, int]
    """How many objects of each class there are, by its name; scalars as often as they are referred to."""
    findings: tuple[Finding, ...]
    """What cannot be kept, in the order in which it was met."""
    complete: bool
    """Whether all places were looked at, as opposed to the first `MOST_PLACES`."""


def survey(value: object, registry: ConverterRegistry, *, most: int = MOST_PLACES) -> Survey:
    """Look at all that a value holds.

    Parameters
    ----------
    value
        Anything.
    registry
        The converters that serializers would use.
    most
        Places to look at; the rest is left out.

    Raises
    ------
    RuntimeError
        Another thread has changed a container meanwhile.

    >>> class Cart:
    ...     def __init__(self, owner): self.owner = owner
    >>> Cart.__module__ = "shop.models"
    >>> found = survey({"carts": [Cart("Ada"), Cart("Bob")]}, ConverterRegistry())
    >>> dict(found.types)
    {'dict': 1, 'str': 3, 'list': 1, 'shop.models.Cart': 2}
    >>> finding, = found.findings
    >>> finding.register, finding.count, finding.paths
    ('register(Cart, tag="shop.Cart")', 2, ('carts[0]',))
    """
    look = _Look(registry)
    places = walk_into(value, look.opened, once=True)
    for place in islice(places, most):
        look.count(place)
    complete = next(places, None) is None
    return Survey(dict(look.types), tuple(met.finding() for met in look.met.values()), complete)


def generalized(path: str) -> str:
    """Return a path without its indexes: the same for the items of a list.

    >>> generalized("carts[3].items[0].price")
    'carts[*].items[*].price'
    """
    return _INDEX.sub("[*]", path)


@dataclass
class _Met:
    """What is gathered of one finding."""

    kind: FindingKind
    type: str
    problem: str
    register: str | None
    count: int = 0
    paths: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, place: Place) -> None:
        self.count += 1
        if self.count <= _MOST_LOOKED_FOR and len(self.paths) < MOST_PATHS:
            path = str(place)
            self.paths.setdefault(generalized(path), path)

    def finding(self) -> Finding:
        return Finding(self.kind, self.type, self.problem, self.register, self.count, tuple(self.paths.values()))


class _Look:
    """One look at one value."""

    def __init__(self, registry: ConverterRegistry) -> None:
        self.registry = registry
        self.types: Counter[str] = Counter()
        self.met: dict[tuple[str, str], _Met] = {}
        self._names: dict[type, str] = {}
        self._counted: set[int] = set()  # of objects that the walk keeps alive

    def count(self, place: Place) -> None:
        """Count an object, unless it was, or is nothing but the plain data of the one around it."""
        if place.parent is not None and not place.step:
            return
        cls = type(place.value)
        if cls not in ATOMS:
            if id(place.value) in self._counted:
                return
            self._counted.add(id(place.value))
        name = self._names.get(cls)
        if name is None:
            name = self._names[cls] = class_name(cls)
        self.types[name] += 1

    def opened(self, place: Place) -> Iterable[Place]:
        """Return the places in an instance, by its converter, or by looking where that is not to be had."""
        try:
            return of_plain(place, lower(place, self.registry))
        except SerializationError as error:
            self._note(place, error.problem)
            return looked_into(place)

    def _note(self, place: Place, problem: str) -> None:
        cls = type(place.value)
        kind, line = FindingKind.CONVERTER, None
        if self.registry.converter_for(cls) is None:
            kind, line = FindingKind.UNREGISTERED, register_line(cls)
            problem = unregistered(cls, self.registry.broken)
        name = class_name(cls)
        met = self.met.get((name, problem))
        if met is None:
            met = self.met[name, problem] = _Met(kind, name, problem, line)
        met.add(place)


def looked_into(place: Place) -> Iterator[Place]:
    """Yield the places in an instance that can be seen without running code of its class."""
    value, cls = place.value, type(place.value)
    if issubclass(cls, StandIn):
        yield from _of_stand_in(place, value)
        return
    if issubclass(cls, dict):
        for key, item in dict.items(value):
            yield place.inside(KEY, key)
            yield place.inside(key_step(key), item)
    for base in (list, tuple, deque, set, frozenset):
        if issubclass(cls, base):
            for index, item in enumerate(base.__iter__(value)):
                yield place.inside("{}" if base in (set, frozenset) else f"[{index}]", item)
    for name, item in _attributes(value).items():
        yield place.inside(key_step(name), item)


def _of_stand_in(place: Place, value: StandIn) -> Iterator[Place]:
    for index, argument in enumerate((*value.arguments, *value.keywords.values(), *value.rest)):
        yield place.inside(f"<argument {index}>", argument)
    for index, element in enumerate(value.elements):
        yield place.inside(f"[{index}]", element)
    for key, item in (*value.pairs, *value.attributes.items()):
        yield place.inside(key_step(key), item)


def _attributes(value: object) -> dict[Any, Any]:
    """Return the attributes of an instance of a class written in Python, read past whatever the class says of them."""
    cls = type(value)
    if issubclass(cls, (type, ModuleType)) or builtin_base(cls) is cls:
        return {}
    found: dict[Any, Any] = {}
    for base in reversed(cls.__mro__):
        if "__slots__" in vars(base):
            for name, slot in vars(base).items():
                if type(slot) is MemberDescriptorType:
                    try:
                        found[name] = slot.__get__(value, cls)
                    except AttributeError:
                        continue  # it is not set
    namespace = next((vars(base)["__dict__"] for base in cls.__mro__ if "__dict__" in vars(base)), None)
    if type(namespace) is GetSetDescriptorType:
        found.update(namespace.__get__(value, cls))
    if issubclass(cls, Enum):
        return {"value": found["_value_"]} if "_value_" in found else {}
    derived = derived_names(cls)
    return {name: item for name, item in found.items() if name not in derived}
