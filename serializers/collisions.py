"""Bounds what hostile bytes can cost through hashes: any number of integers, decimals or tuples can share one.

A set or dict of n elements with one hash takes n * n / 2 comparisons to make. Strings and bytes are not affected, since
their hashes differ from process to process. What readers refuse, writers refuse too: whatever is written can be read.
"""

from collections import Counter
from collections.abc import Collection

from .errors import SerializationError

MAX_EQUAL_HASHES = 100
"""In one set or dict; real sessions have two at most (-1 and -2)."""


def hashes_collide(elements: Collection[object]) -> bool:
    """Return whether more than `MAX_EQUAL_HASHES` of these keys or elements have one hash; strings are not asked.

    >>> hashes_collide(range(10_000)), hashes_collide([n * (2**61 - 1) for n in range(101)])
    (False, True)
    """
    if len(elements) <= MAX_EQUAL_HASHES:
        return False
    hashes = Counter(hash(element) for element in elements if type(element) is not str)
    return any(count > MAX_EQUAL_HASHES for count in hashes.values())


def collision() -> str:
    """Return the words for it."""
    return f"more than {MAX_EQUAL_HASHES} keys or elements have the same hash"


class CollidingHashesError(SerializationError):
    """A set or dict is not written, since it could not be read."""

    def __init__(self, container: object, *, path: str = "") -> None:
        words = f"{collision()}, and such a {type(container).__name__} could not be read: use a list"
        super().__init__(words, path=path)
