"""Bounds what hostile bytes can cost through hashes: any number of integers, decimals or tuples can share one.

A set or dict of n elements with one hash takes n * n / 2 comparisons to make. Strings and bytes are not affected, since
their hashes differ from process to process.
"""

from collections import Counter
from collections.abc import Collection

MAX_EQUAL_HASHES = 100
"""In one set or dict; real sessions have two at most (-1 and -2)."""


def hashes_collide(elements: Collection[object]) -> bool:
    """Return whether more than `MAX_EQUAL_HASHES` of these keys or elements have one hash.

    >>> hashes_collide(range(10_000)), hashes_collide([n * (2**61 - 1) for n in range(101)])
    (False, True)
    """
    return len(elements) > MAX_EQUAL_HASHES and max(Counter(map(hash, elements)).values()) > MAX_EQUAL_HASHES


def collision() -> str:
    """Return the words for it."""
    return f"more than {MAX_EQUAL_HASHES} keys or elements have the same hash"
