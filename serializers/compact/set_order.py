"""The order in which the elements of a set are written: by their sort keys, as FORMAT.md defines them.

Invariant: the order is a function of the elements alone, except where two that look the same are two objects.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Callable, Iterable, Mapping
from math import inf
from operator import itemgetter
from typing import Any

from . import refusals
from .tags import MAX_NESTED_SETS, SORT_KEYS_PER_SIZE

Keyed = list[tuple[bytes, Any]]


class SetOrder:
    """Makes the sort keys of one payload; those of a frozenset once, however often it is written.

    Parameters
    ----------
    sort_key
        Returns the bytes of an element alone, at most so many.
    room
        Bytes that all sort keys may have.
    """

    def __init__(self, sort_key: Callable[[object, int], bytes], room: int) -> None:
        self.sort_key = sort_key
        self.limit = self.room = room
        self.known: dict[int, tuple[frozenset[Any], Keyed, int]] = {}
        self.open: set[int] = set()
        self.nested = 0
        """How many frozensets are nested in the sort keys that are being made, as far as known."""

    def of_set(self, elements: set[Any], numbers: Mapping[int, int]) -> list[Any]:
        """Return the elements of a set in order; `numbers` has those of objects by id."""
        return list(elements) if len(elements) < 2 else _in_order(self.keyed(elements), numbers)

    def of_frozenset(self, elements: frozenset[Any], numbers: Mapping[int, int]) -> list[Any]:
        """Return the elements of a frozenset in order."""
        if len(elements) < 2:
            return list(elements)
        if id(elements) not in self.known:
            self.learn(elements)
        _, keyed, nested = self.known[id(elements)]
        self.nested = max(self.nested, nested)
        return _in_order(keyed, numbers)

    def learn(self, elements: frozenset[Any]) -> None:
        """Make the sort keys of a frozenset."""
        if id(elements) in self.open or len(self.open) == MAX_NESTED_SETS:
            raise refusals.nested_sets()
        self.open.add(id(elements))
        around, self.nested = self.nested, 0
        keyed = self.keyed(elements)
        nested = self.nested + 1
        if nested > MAX_NESTED_SETS:
            raise refusals.nested_sets()
        self.nested = around
        self.open.remove(id(elements))
        self.known[id(elements)] = (elements, keyed, nested)

    def keyed(self, elements: Iterable[Any]) -> Keyed:
        """Return the elements with their sort keys, sorted by them."""
        keyed: Keyed = []
        for element in elements:
            try:
                key = self.sort_key(element, self.room)
            except refusals.TooLargeError:
                raise refusals.too_long_sort_keys(self.limit // SORT_KEYS_PER_SIZE) from None
            self.room -= len(key)
            keyed.append((key, element))
        keyed.sort(key=itemgetter(0))
        return keyed


def _in_order(keyed: Keyed, numbers: Mapping[int, int]) -> list[Any]:
    numbered = sorted(keyed, key=lambda pair: (pair[0], numbers.get(id(pair[1]), inf)))
    return [element for _, element in numbered]
