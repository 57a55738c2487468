"""What a value is made of: its types, and all that serializers would refuse in it, not the first of it alone.

Invariants: `survey` refuses nothing and changes nothing; it visits an object once, however many references lead to it.
An instance that has no converter, or whose converter fails, is looked into as `looking` does, but for one that a
library ties to a database or a request. No value is in what it tells: types, places, and keys as `paths.key_step` shows
them.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from time import monotonic

from .errors import SerializationError
from .library_remedies import library_remedy
from .looking import Looking
from .paths import ATOMS, Place, of_plain, plain_data, walk_into
from .registry import ConverterRegistry
from .remedies import remedy_for
from .unregistered import class_name

MOST_PLACES = 100_000
"""Places of a value that are looked at."""

_BETWEEN_LOOKS_AT_THE_CLOCK = 256
"""Places."""

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
    """Whether all places were looked at, as opposed to the first ones."""


def survey(
    value: object, registry: ConverterRegistry, *, most: int = MOST_PLACES, seconds: float | None = None
) -> Survey:
    """Look at all that a value holds.

    Parameters
    ----------
    value
        Anything.
    registry
        The converters that serializers would use.
    most
        Places to look at; the rest is left out.
    seconds
        After which the look ends; None: it takes the time that it needs.

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
    end = None if seconds is None else monotonic() + seconds
    for number, place in enumerate(islice(places, most), 1):
        look.count(place)
        if end is not None and not number % _BETWEEN_LOOKS_AT_THE_CLOCK and monotonic() > end:
            break
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
    closed: bool = False
    """What a library's object is made of is not to be kept, so nobody needs to hear of it."""
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
        self._unregistered: dict[type, _Met] = {}  # by class; a class in the session, by itself
        self._names: dict[type, str] = {}
        self._looking = Looking()
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
        cls = type(place.value)
        unregistered = place.value if issubclass(cls, type) else cls
        met = self._unregistered.get(unregistered)
        if met is None and self.registry.converter_for(cls) is None:
            remedy = remedy_for(place.value, self.registry)
            met = self._met(FindingKind.UNREGISTERED, cls, remedy.type, remedy.problem, remedy.register)
            self._unregistered[unregistered] = met
        if met is None:
            try:
                return of_plain(place, plain_data(place.value, self.registry))
            except SerializationError as error:
                met = self._met(FindingKind.CONVERTER, cls, class_name(cls), error.problem)
        met.add(place)
        return () if met.closed else self._looking.places(place)

    def _met(self, kind: FindingKind, cls: type, name: str, problem: str, line: str | None = None) -> _Met:
        met = self.met.get((name, problem))
        if met is None:
            closed = library_remedy(cls) is not None
            met = self.met[name, problem] = _Met(kind, name, problem, line, closed)
        return met
