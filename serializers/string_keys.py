"""Finds out before a library reads msgpack whether all keys of its maps are strings.

A library that makes a tuple of an array at the place of a key can be made to compare any number of keys of one hash,
see `collisions`. This looks at the head of each value and makes no object. It is the specification, and what runs where
the compiled module was not built; `compact/string_keys.pxi` does the same, and `implementations` picks one of the two.

Invariant: what passes has maps with strings for keys, no extension, and no more levels than a lowering pass hands on;
the time is bounded by the length of the data. Whether the rest is well-formed is for the library to say.
"""

from .lowering import MAX_DEPTH

MAX_LEVELS = MAX_DEPTH + 1
"""One for what says that there are tags."""

_SIZES = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
"""Bytes of a number behind its head."""
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_EXTENSIONS = frozenset({*range(0xC7, 0xCA), *range(0xD4, 0xD9)})

ENDS = "it ends too soon"
OTHER_KEY = "a map with a key that is no string"
EXTENSION = "an extension, which sessions are not written with"
TOO_DEEP = f"nested deeper than {MAX_LEVELS} levels"


def refuse_other_keys(data: bytes, /) -> None:
    """Refuse msgpack with a key that is no string, with an extension, or too deep.

    Parameters
    ----------
    data
        One value; what is behind it is not looked at.

    Raises
    ------
    ValueError
        It has such a thing, or ends too soon.

    >>> refuse_other_keys(b"\\x81\\xa1a\\x92\\x01\\x02")
    >>> refuse_other_keys(b"\\x81\\x92\\x01\\x02\\xa1a")
    Traceback (most recent call last):
        ...
    ValueError: a map with a key that is no string
    """
    at, left, keyed = 0, 1, False
    around: list[tuple[int, bool]] = []  # of what is open: how many items are left, and whether they have keys
    while True:
        while not left:
            if not around:
                return
            left, keyed = around.pop()
        left -= 1
        if keyed:
            at = _after_key(data, at)
        head = _head(data, at)
        if head in _EXTENSIONS:
            raise ValueError(EXTENSION)
        if 0x80 <= head <= 0x9F or head in _ARRAYS or head in _MAPS:
            at, count = _opened(data, at, head)
            if len(around) == MAX_LEVELS:
                raise ValueError(TOO_DEEP)
            around.append((left, keyed))
            left, keyed = count, head < 0x90 or head in _MAPS
        else:
            at = _after_leaf(data, at, head)


def _after_key(data: bytes, at: int) -> int:
    head = _head(data, at)
    if 0xA0 <= head <= 0xBF or head in _STRINGS:
        return _after_leaf(data, at, head)
    raise ValueError(OTHER_KEY)


def _after_leaf(data: bytes, at: int, head: int) -> int:
    if 0xA0 <= head <= 0xBF:
        return _within(data, at + 1 + (head & 0x1F))
    if width := _STRINGS.get(head) or _BYTES.get(head):
        return _within(data, at + 1 + width + _number(data, at + 1, width))
    return _within(data, at + 1 + _SIZES.get(head, 0))


def _opened(data: bytes, at: int, head: int) -> tuple[int, int]:
    """Return where the first item of a container is, and how many items it has."""
    if width := _ARRAYS.get(head) or _MAPS.get(head):
        return at + 1 + width, _number(data, at + 1, width)
    return at + 1, head & 0x0F


def _head(data: bytes, at: int) -> int:
    return data[_within(data, at + 1) - 1]


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : _within(data, at + width)])


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise ValueError(ENDS)
    return end
