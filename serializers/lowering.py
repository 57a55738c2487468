"""The pass over a value before a format library sees it: what the library would change becomes tagged plain data.

Libraries change types without calling any hook (a tuple becomes a list, NaN becomes null, a bytearray becomes bytes),
so every value is looked at once. What the library keeps is handed on as it is, containers included: a session of plain
data is not copied.

This is the specification, and what runs where the compiled module was not built. `compact/lowering.pxi` does the same,
compiled; `implementations` picks one of the two.

Invariants: after the pass the library keeps what it is given exactly; the result is a function of the value alone, so
sets are ordered by the bytes of their elements; depth and size are bounded before the library is called.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

from .collisions import CollidingHashesError, hashes_collide
from .errors import SerializationError
from .paths import is_text, no_text
from .registry import ConverterRegistry

MAX_DEPTH = 200
"""Levels of containers and tags. orjson writes at most 254, cbor2 reads at most 400, and Python recurses less than
1 000 deep; sessions have about ten."""
MAX_SIZE = 4 * 1024 * 1024
"""Bytes of a payload, unless the serializer is told otherwise; four times the default item limit of memcached."""

_HASHED = frozenset({dict, OrderedDict, set, frozenset})
_INT64_MIN, _INT64_MAX, _UINT64_MAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a format's library keeps, and how the format writes the rest.

    Every library keeps None, bool, text, finite floats, integers of 63 bits and a sign, lists, and dicts whose keys are
    text.
    """

    name: str
    """The format's, for messages."""
    tagged: Callable[[str, object], object]
    """Returns how the format writes plain data under a tag."""
    order: Callable[[Any], bytes]
    """Returns the bytes of lowered data, by which the elements of a set are sorted."""
    keeps_bytes: bool = True
    keeps_all_floats: bool = True
    """Also NaN and the infinities."""
    keeps_unsigned_ints: bool = True
    """Also integers from 2**63 to 2**64 - 1."""
    keeps_big_ints: bool = False
    """Also integers beyond 64 bits."""
    refuses_surrogates: bool = True
    """Does not write a str that is no text; the pass refuses it for a library that would."""
    mark: str = ""
    """A dict of one pair whose key begins so would read as a tag, and is written as its pairs; empty: none would."""


class Lowering(Protocol):
    """An implementation of the pass, for one serializer. Any number of values may go through it at the same time."""

    def __init__(self, rules: Rules, registry: ConverterRegistry, limit: int) -> None: ...

    def lower(self, value: object, /) -> tuple[Any, int]:
        """Return data that the library keeps, and how many values in it went through a converter.

        Raises
        ------
        SerializationError
            The value is too deep, too large, no text, or of an unregistered class; without a path. What a converter
            raises is passed on.
        """
        ...


class PythonLowering(Lowering):
    """The pass in Python.

    Parameters
    ----------
    rules
        Those of the format.
    registry
        The converters.
    limit
        Bytes that may be written. A value counts one, a string its length: less than any format writes for them.
    """

    def __init__(self, rules: Rules, registry: ConverterRegistry, limit: int) -> None:
        self.rules = rules
        self.registry = registry
        self.limit = limit
        self.leaves = frozenset(
            {type(None), bool, str}
            | ({bytes} if rules.keeps_bytes else set())
            | ({float} if rules.keeps_all_floats else set())
        )

    def lower(self, value: object, /) -> tuple[Any, int]:
        """Return data that the library keeps, and how many values in it went through a converter."""
        lowering = _Pass(self.rules, self.leaves, self.registry, self.limit)
        return lowering.lower(value, MAX_DEPTH), lowering.converted


class _Pass:
    """One pass for one value."""

    def __init__(self, rules: Rules, leaves: frozenset[type], registry: ConverterRegistry, limit: int) -> None:
        self.rules = rules
        self.leaves = leaves
        self.registry = registry
        self.limit = self.room = limit
        self.largest_int = _UINT64_MAX if rules.keeps_unsigned_ints else _INT64_MAX
        self.checks_text = not rules.refuses_surrogates
        self.converted = 0

    def lower(self, item: Any, depth: int) -> Any:
        kind = type(item)
        if kind is dict:
            return self._lower_dict(item, depth)
        if kind is list:
            return self._lower_list(item, depth)
        if kind is int:
            if _INT64_MIN <= item <= self.largest_int or self.rules.keeps_big_ints:
                return item
        elif kind is float:
            if self.rules.keeps_all_floats or isfinite(item):
                return item
        elif kind is str or kind is bytes:
            if kind is str and self.checks_text:
                self._demand_text(item)
            self._take(len(item))
            if kind in self.leaves:
                return item
        elif kind in self.leaves:
            return item
        return self._convert(item, depth)

    def _lower_list(self, items: list[Any], depth: int) -> list[Any]:
        self._enter(len(items), depth)
        leaves, lowered, size = self.leaves, items, 0
        for index, item in enumerate(items):
            kind = type(item)
            if kind is str:
                size += len(item)
                if self.checks_text:
                    self._demand_text(item)
            elif kind not in leaves or kind is bytes:
                plain = self.lower(item, depth - 1)
                if plain is not item:
                    if lowered is items:
                        lowered = items.copy()
                    lowered[index] = plain
        self._take(size)
        return lowered

    def _lower_dict(self, mapping: dict[Any, Any], depth: int) -> Any:
        # Decided before anything inside is lowered: deciding later would lower it again, twice as often at each level.
        for key in mapping:
            if type(key) is not str:
                return self._convert(mapping, depth)
        if self._reads_as_tag(mapping):
            return self._convert(mapping, depth)
        self._enter(len(mapping), depth)
        leaves, lowered, size = self.leaves, mapping, 0
        for key, item in mapping.items():
            size += len(key)
            kind = type(item)
            if self.checks_text and type(key) is str:  # a converter may have put another one there meanwhile
                self._demand_text(key)
            if kind is str:
                size += len(item)
                if self.checks_text:
                    self._demand_text(item)
            elif kind not in leaves or kind is bytes:
                plain = self.lower(item, depth - 1)
                if plain is not item:
                    if lowered is mapping:
                        lowered = mapping.copy()
                    lowered[key] = plain
        self._take(size)
        return lowered

    def _reads_as_tag(self, mapping: dict[str, Any]) -> bool:
        mark = self.rules.mark
        return bool(mark) and len(mapping) == 1 and next(iter(mapping)).startswith(mark)

    def _convert(self, item: Any, depth: int) -> object:
        self._enter(1, depth)
        if type(item) in _HASHED and hashes_collide(item):
            raise CollidingHashesError(item)
        self.converted += 1
        tag, plain = self.registry.lower(item)
        lowered = self.lower(plain, depth - 1)
        if (type(item) is set or type(item) is frozenset) and type(lowered) is list:
            lowered = self._sorted(lowered)
        return self.rules.tagged(tag, lowered)

    def _sorted(self, elements: list[Any]) -> list[Any]:
        if all(type(element) is str for element in elements):
            return sorted(elements)
        return sorted(elements, key=self.rules.order)

    def _demand_text(self, item: str) -> None:
        if not is_text(item):
            raise SerializationError(no_text(self.rules.name))

    def _enter(self, size: int, depth: int) -> None:
        if depth <= 0:
            raise SerializationError(too_deep(self.rules.name))
        self._take(size + 1)

    def _take(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise TooLargeError(too_large(self.rules.name, self.limit))


def too_deep(name: str) -> str:
    """Return the words for a value with more levels than a format carries."""
    return (
        f"nested deeper than {MAX_DEPTH} levels, and {name} keeps no more: store it flatter, "
        "or use a serializer with the capability identity"
    )


def too_large(name: str, limit: int) -> str:
    """Return the words for a value with more bytes than a serializer may write."""
    return (
        f"over {limit} bytes in {name}: store less, or raise max_size. {name} keeps no references and writes a shared "
        "object once per reference; one with the capability identity does not"
    )


class TooLargeError(SerializationError):
    """The value has more bytes than the serializer may write."""
