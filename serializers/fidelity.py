"""Compares a value with what came back from a round trip: types, values, order, and on request who shares what.

``==`` is not enough: ``(1,) == (1,)`` but also ``1 == 1.0 == True``, and NaN equals nothing. Nor does it end on cycles.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

import struct
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from datetime import datetime, time, timezone, tzinfo
from decimal import Decimal
from enum import Enum, StrEnum
from numbers import Number
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from .class_anatomy import ATTRS_HASH, builtin_base, derived_names, slots_of
from .library_values import is_kept_as_text, kept_of_library
from .paths import Place, key_step


class Change(StrEnum):
    """What kind of difference it is."""

    SHARING = "sharing"
    """One object became two, or two became one; each is equal to what it was."""
    TYPE = "type"
    """A value of another type that may still say the same: a list for a tuple, ``"9.90"`` for a Decimal."""
    VALUE = "value"
    """Something else, or less: another number, nothing at all, an item that is lost."""


@dataclass(frozen=True)
class Difference:
    """Where and how a value differs from the original.

    >>> str(Difference("cart.items[3].price", "Decimal became str", Change.TYPE))
    'cart.items[3].price: Decimal became str'
    """

    path: str
    what: str
    change: Change

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


def difference(original: object, loaded: object, *, identity: bool = False) -> Difference | None:
    """Return the first difference between a value and its round trip, or None if there is none.

    Parameters
    ----------
    original, loaded
        The two values.
    identity
        Also demand that what is one object in the original is one object in the other, and what is two is two.

    >>> difference({"seats": (1, 2)}, {"seats": [1, 2]})
    Difference(path='seats', what='tuple became list', change=<Change.TYPE: 'type'>)
    >>> shared = [1]
    >>> difference([shared, shared], [[1], [1]]) is None
    True
    >>> str(difference([shared, shared], [[1], [1]], identity=True))
    '[1]: a shared list became two'
    """
    return _Comparison(identity=identity).run(original, loaded)


def shared_between(copy: object, other: object) -> Difference | None:
    """Return the first mutable object that two round trips of one value have in common, or None if there is none.

    Who changes one copy must not change the other, as happens where ``loads`` returns what it has returned before. What
    instances are is told by their attributes: without any they may be one by design, as may time zones and the frozen.

    Parameters
    ----------
    copy, other
        What two calls of ``loads`` returned for the same payload.

    >>> seats = [1, 2]
    >>> str(shared_between({"seats": seats}, {"seats": seats}))
    'seats: loads returned the same list twice'
    >>> shared_between({"seats": [1, 2]}, {"seats": [1, 2]}) is None
    True
    """
    known = {id(each) for each in changeable(copy)}
    if known.isdisjoint(id(each) for each in changeable(other)):
        return None  # as nearly always, and soon known
    held = _Comparison(identity=True)
    held.run(copy, copy)
    return _Overlap(frozenset(held.originals)).run(other, other)


def changeable(value: object) -> Iterator[Any]:
    """Yield every object in a value that can be changed, the value itself first; each once."""
    seen: set[int] = set()
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if type(each) in _PLAIN or isinstance(each, (Enum, type)) or id(each) in seen:
            continue
        seen.add(id(each))
        state = _state(each)
        if state is not None or isinstance(each, (list, dict, set, bytearray, deque)):
            yield each
        waiting.extend(reversed(list((state or {}).values())))
        if isinstance(each, dict):
            waiting.extend(reversed([item for _, item in _items(each)]))
        elif isinstance(each, (list, tuple, set, frozenset, deque)):
            waiting.extend(reversed(list(each)))


class _Found(NamedTuple):
    """What differs in one place."""

    what: str
    change: Change = Change.VALUE


class _Comparison:
    def __init__(self, *, identity: bool) -> None:
        self.identity = identity
        self.counterparts: dict[int, int] = {}
        self.originals: dict[int, int] = {}
        self.pairs: set[tuple[int, int]] = set()
        self.alive: list[object] = []
        self.waiting: deque[tuple[Place, Any]] = deque()

    def run(self, original: object, loaded: object) -> Difference | None:
        self.waiting.append((Place(original), loaded))
        while self.waiting:
            place, other = self.waiting.popleft()
            if found := self.compare(place, other):
                return Difference(str(place), found.what, found.change)
        return None

    def compare(self, place: Place, other: Any) -> _Found | None:
        """Compare one place, and leave what is inside it for later; return what differs."""
        value, kind = place.value, type(place.value)
        if kind is not type(other):
            if type(other) is str and is_kept_as_text(value):
                return None if str(value) == other else _Found("another text")
            return _Found(f"{kind.__qualname__} became {type(other).__qualname__}", _change_of_type(value, other))
        if isinstance(value, Enum):
            return None if value is other else _Found("another member")
        for base, exact in _EXACT.items():
            if isinstance(value, base) and exact(value) != exact(other):
                return _Found(f"another {kind.__qualname__}")
        if kind in _EXACT:
            return None
        if found := self.references(value, other):
            return found
        if (id(value), id(other)) in self.pairs:
            return None
        self.pairs.add((id(value), id(other)))
        self.alive += (value, other)
        return self.inside(place, other)

    def references(self, value: object, other: object) -> _Found | None:
        if not self.identity or not _is_mutable(value):
            return None
        if self.counterparts.setdefault(id(value), id(other)) != id(other):
            return _Found(f"a shared {type(value).__qualname__} became two", Change.SHARING)
        if self.originals.setdefault(id(other), id(value)) != id(value):
            return _Found(f"two {type(value).__qualname__} became one", Change.SHARING)
        return None

    def inside(self, place: Place, other: Any) -> _Found | None:
        """Compare what a value holds: as a container, and in its attributes; of a library, what its converter keeps."""
        kept = None if type(place.value) in _BUILT_IN else kept_of_library(place.value)
        if kept is not None and (kept_back := kept_of_library(other)) is not None:
            self.waiting.append((place.inside("", kept), kept_back))
            # What it is by its built-in base is seen without the converter, which could leave something out.
            return self.contained(place, other) if isinstance(place.value, _CONTAINED) else None
        state = _state(place.value)
        if state is None:
            return self.contained(place, other)
        return self.contained(place, other) or self.mappings(place, state, _state(other) or {})

    def contained(self, place: Place, other: Any) -> _Found | None:
        value, kind = place.value, type(place.value)
        if isinstance(value, defaultdict) and value.default_factory is not other.default_factory:
            return _Found("another default_factory")
        if isinstance(value, dict):
            return self.mappings(place, value, other)
        if isinstance(value, (list, tuple, deque)):
            return self.sequences(place, value, other)
        if isinstance(value, (set, frozenset)):
            return _sets(value, other)
        if isinstance(value, (datetime, time)):
            zones = place.inside(".tzinfo", value.tzinfo), other.tzinfo
            self.waiting.append(zones)
            same = (value.replace(tzinfo=None), value.fold) == (other.replace(tzinfo=None), other.fold)
            return None if same else _Found(f"another {kind.__qualname__}")
        if isinstance(value, BaseException):
            self.waiting.append((place.inside(".args", value.args), other.args))
        # What a subclass adds in attributes is compared elsewhere; its own __eq__ may look at nothing else.
        base: Any = builtin_base(kind)
        if base is not None and base not in _EXACT and base.__eq__(value, other) is False:
            return _Found(f"another {kind.__qualname__}")
        if _state(value) is None and not isinstance(value, BaseException):
            return None if _equal(value, other) else _Found(f"another {kind.__qualname__}")
        return None

    def mappings(self, place: Place, value: dict[Any, Any], other: dict[Any, Any]) -> _Found | None:
        items, others = _items(value), _items(other)
        if len(items) != len(others):
            lost = next((key_step(key) for key, _ in items if key not in other), None)
            return _Found(f"{lost} is lost" if lost else f"{len(items)} keys became {len(others)}")
        for (key, item), (key_back, back) in zip(items, others, strict=True):
            if not _plainly_equal(key, key_back) and (nested := difference(key, key_back)):
                return _Found(f"key {key_step(key)}: {nested}, or the order of the keys changed", nested.change)
            if not _plainly_equal(item, back):
                self.waiting.append((place.inside(key_step(key), item), back))
        return None

    def sequences(self, place: Place, value: Any, other: Any) -> _Found | None:
        if len(value) != len(other):
            return _Found(f"{len(value)} items became {len(other)}")
        if isinstance(value, deque) and value.maxlen != other.maxlen:
            return _Found("another maxlen")
        self.waiting += [
            (place.inside(f"[{index}]", item), back)
            for index, (item, back) in enumerate(zip(value, other, strict=True))
            if not _plainly_equal(item, back)
        ]
        return None


def _items(mapping: dict[Any, Any]) -> list[tuple[Any, Any]]:
    """Return what a dict holds; methods of a subclass may show less of it."""
    return list(mapping.items() if isinstance(mapping, OrderedDict) else dict.items(mapping))


class _Overlap(_Comparison):
    """Compares a value with itself, to come by all that is in it, and finds what another value holds, too."""

    def __init__(self, held: frozenset[int]) -> None:
        super().__init__(identity=True)
        self.held = held

    def references(self, value: object, other: object) -> _Found | None:
        del other  # it is the value
        if id(value) not in self.held or not _is_changed_in_place(value):
            return None
        return _Found(f"loads returned the same {type(value).__qualname__} twice", Change.SHARING)


_PLAIN = frozenset({str, int, bool, bytes, type(None)})


def _plainly_equal(value: object, other: object) -> bool:
    """Whether equality is enough to know that nothing differs: most of what a session holds is that plain."""
    kind = type(value)
    return kind in _PLAIN and kind is type(other) and value == other


def _change_of_type(value: object, other: object) -> Change:
    """Return whether what has another type has another value, too: nothing, or a number that is not equal."""
    if other is None:
        return Change.VALUE
    if isinstance(value, Number) and isinstance(other, Number):
        try:
            return Change.TYPE if value == other else Change.VALUE
        except ArithmeticError:  # a signalling NaN is compared with nothing
            return Change.VALUE
    return Change.TYPE


def _sets(value: Any, other: Any) -> _Found | None:
    """Pair the elements: by equality, and those that equal only themselves (NaN, instances) by what they hold."""
    if len(value) != len(other):
        return _Found(f"{len(value)} elements became {len(other)}")
    back = {element: element for element in other}
    strangers: list[object] = []
    for element in value:
        if element in back:
            if nested := difference(element, back.pop(element)):
                return _Found(f"element: {nested}", nested.change)
        else:
            strangers.append(element)
    for element in strangers:
        twin = next((candidate for candidate in back if difference(element, candidate) is None), _NO_TWIN)
        if twin is _NO_TWIN:
            return _Found("other elements")
        del back[twin]
    return None


_NO_TWIN = object()
_BUILT_IN = frozenset({dict, list, tuple, set, frozenset})
_CONTAINED = (str, bytes, dict, list, tuple, set, frozenset, datetime, time)


def _equal(value: Any, other: Any) -> bool:
    same = value == other
    every = getattr(same, "all", None)  # of arrays, the comparison is an array
    return bool(every() if every else same)


def _is_mutable(value: object) -> bool:
    """Return whether it matters if the value is one object or two equal ones."""
    return isinstance(value, (list, dict, set, bytearray, deque)) or _state(value) is not None


def _is_changed_in_place(value: object) -> bool:
    if isinstance(value, (list, dict, set, bytearray, deque)):
        return True
    frozen = is_dataclass(value) and cast("Any", value).__dataclass_params__.frozen
    return bool(_state(value)) and not frozen and not isinstance(value, (tzinfo, type))


def _state(value: object) -> dict[str, Any] | None:
    """Return the attributes of an instance of a class written in Python; None for other values."""
    cls = type(value)
    slots = slots_of(cls)
    if cls.__module__ in _BY_EQUALITY or not (slots or hasattr(value, "__dict__")):
        return None
    state = {name: getattr(value, name) for name in slots if hasattr(value, name)} | getattr(value, "__dict__", {})
    derived = derived_names(cls)
    return {name: state[name] for name in sorted(state) if name not in derived and name != ATTRS_HASH}


_BY_EQUALITY = frozenset({"ipaddress", "pathlib", "pathlib._local", "fractions", "zoneinfo"})
"""Modules whose classes keep caches in their attributes: equality and type say all."""

_EXACT: dict[type, Any] = {
    float: lambda number: "nan" if number != number else struct.pack("d", number),
    complex: lambda number: tuple(map(_float_bits, (number.real, number.imag))),
    Decimal: lambda number: number.as_tuple(),
    timezone: lambda zone: zone.__getinitargs__(),
    ZoneInfo: lambda zone: zone.key,
}


def _float_bits(number: float) -> Any:
    return _EXACT[float](number)
