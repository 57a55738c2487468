"""The pass over a value before a format library sees it: what the library would change becomes tagged plain data.

Libraries change types without calling any hook (a tuple becomes a list, NaN becomes null, a bytearray becomes bytes),
so every value is looked at once. What the library keeps is handed on as it is, containers included: a session of plain
data is not copied.

Invariants: after the pass the library keeps what it is given exactly; the result is a function of the value alone, so
sets are ordered by the bytes of their elements; depth and size are bounded before the library is called.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections import OrderedDict
from math import isfinite
from typing import Any, ClassVar

from .collisions import CollidingHashesError, hashes_collide
from .errors import SerializationError
from .registry import ConverterRegistry

MAX_DEPTH = 200
"""Levels of containers and tags. orjson writes at most 254, cbor2 reads at most 400, and Python recurses less than
1 000 deep; sessions have about ten."""
MAX_SIZE = 4 * 1024 * 1024
"""Bytes of a payload, unless the serializer is told otherwise; four times the default item limit of memcached."""

_HASHED = frozenset({dict, OrderedDict, set, frozenset})
_INT64_MIN, _UINT64_MAX = -(1 << 63), (1 << 64) - 1


class Lowering:
    """One pass for one value; each format has its own subclass.

    Parameters
    ----------
    registry
        The converters.
    room
        Bytes that may be written. A value counts one, a string its length: less than any format writes for them.
    """

    name: ClassVar[str]
    leaves: ClassVar[frozenset[type]]
    """Types that the library keeps whatever their value."""
    finite_floats: ClassVar[bool] = False
    """The library keeps finite floats only."""
    any_int: ClassVar[bool] = False
    """The library keeps integers beyond 64 bits."""

    def __init__(self, registry: ConverterRegistry, room: int) -> None:
        self.registry = registry
        self.limit = self.room = room
        self.converted = 0
        """Values that went through a converter so far."""

    def tagged(self, tag: str, plain: object) -> object:
        """Return how the format writes plain data under a tag."""
        raise NotImplementedError

    def order(self, plain: Any) -> bytes:
        """Return the bytes of lowered data, by which the elements of a set are sorted."""
        raise NotImplementedError

    def is_native(self, mapping: dict[str, Any]) -> bool:  # noqa: ARG002 - for formats whose tags are dicts
        """Return whether a dict with str keys can be written as it is; not if it would read as a tag."""
        return True

    def lower(self, item: Any, depth: int = MAX_DEPTH) -> Any:
        """Return data that the library keeps.

        Raises
        ------
        SerializationError
            Too deep, too large, or of an unregistered class; without a path.
        """
        kind = type(item)
        if kind is dict:
            return self._lower_dict(item, depth)
        if kind is list:
            return self._lower_list(item, depth)
        if kind is int:
            if _INT64_MIN <= item <= _UINT64_MAX or self.any_int:
                return item
        elif kind is float:
            if not self.finite_floats or isfinite(item):
                return item
        elif kind is str or kind is bytes:
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
        if not self.is_native(mapping):
            return self._convert(mapping, depth)
        self._enter(len(mapping), depth)
        leaves, lowered, size = self.leaves, mapping, 0
        for key, item in mapping.items():
            size += len(key)
            kind = type(item)
            if kind is str:
                size += len(item)
            elif kind not in leaves or kind is bytes:
                plain = self.lower(item, depth - 1)
                if plain is not item:
                    if lowered is mapping:
                        lowered = mapping.copy()
                    lowered[key] = plain
        self._take(size)
        return lowered

    def _convert(self, item: Any, depth: int) -> object:
        self._enter(1, depth)
        if type(item) in _HASHED and hashes_collide(item):
            raise CollidingHashesError(item)
        self.converted += 1
        tag, plain = self.registry.lower(item)
        if type(item) is set or type(item) is frozenset:
            return self.tagged(tag, self._sorted(self._lower_list(plain, depth - 1)))
        return self.tagged(tag, self.lower(plain, depth - 1))

    def _sorted(self, elements: list[Any]) -> list[Any]:
        if all(type(element) is str for element in elements):
            return sorted(elements)
        return sorted(elements, key=self.order)

    def _enter(self, size: int, depth: int) -> None:
        if depth <= 0:
            raise SerializationError(too_deep(self.name))
        self._take(size + 1)

    def _take(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise TooLargeError(
                f"over {self.limit} bytes in {self.name}: store less, or raise max_size. {self.name} keeps no "
                "references and writes a shared object once per reference; one with the capability identity does not"
            )


def too_deep(name: str) -> str:
    """Return the words for a value with more levels than a format carries."""
    return (
        f"nested deeper than {MAX_DEPTH} levels, and {name} keeps no more: store it flatter, "
        "or use a serializer with the capability identity"
    )


class TooLargeError(SerializationError):
    """The value has more bytes than the serializer may write."""
