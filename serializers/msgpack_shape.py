"""Looks msgpack over before a library reads it: keys, depth, lengths, and whether it is one value.

Libraries differ in what they do with hostile bytes. One makes a tuple of an array at the place of a key, and can be
made to compare any number of keys of one hash, see `collisions`; another needs more stack than a thread may have, makes
room for items that are not there, or does not see bytes after the value. This looks at the head of each value and makes
no object. It is the specification, and what runs where the compiled module was not built; `compact/msgpack_shape.pxi`
does the same, and `implementations` picks one of the two.

Invariant: what passes is one value, has maps with strings for keys, no extension, no more levels than a lowering pass
hands on, and all the items and bytes that its lengths claim; the time is bounded by the length of the data.
"""

from .lowering import MAX_DEPTH

MAX_LEVELS = MAX_DEPTH + 1
"""One for what says that there are tags."""

_NUMBERS = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_SHORT_STRINGS = {head: head & 0x1F for head in range(0xA0, 0xC0)}
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_EXTENSIONS = frozenset({*range(0xC7, 0xCA), *range(0xD4, 0xD9)})

_WIDTHS = {**_STRINGS, **_BYTES, **_ARRAYS, **_MAPS}
"""Bytes of a length behind the head."""
_KEYS = frozenset({*_SHORT_STRINGS, *_STRINGS})
_CONTAINERS = frozenset({*range(0x80, 0xA0), *_ARRAYS, *_MAPS})
_LEAVES = [
    0 if head in _CONTAINERS or head in _WIDTHS else 1 + _NUMBERS.get(head, _SHORT_STRINGS.get(head, 0))
    for head in range(256)
]
"""Bytes of a value that is no container, with its head, by the head; 0 where a length follows."""

ENDS = "it ends too soon"
OTHER_KEY = "a map with a key that is no string"
EXTENSION = "an extension, which sessions are not written with"
TOO_DEEP = f"nested deeper than {MAX_LEVELS} levels"
MORE = "bytes after the value"


def look_over(data: bytes, /) -> None:
    """Refuse what a session is not written as: a key that is no string, an extension, too many levels.

    Parameters
    ----------
    data
        Whatever came as msgpack.

    Raises
    ------
    ValueError
        It has such a thing, ends too soon, or goes on after the value.

    >>> look_over(b"\\x81\\xa1a\\x92\\x01\\x02")
    >>> look_over(b"\\x81\\x92\\x01\\x02\\xa1a")
    Traceback (most recent call last):
        ...
    ValueError: a map with a key that is no string
    """
    try:
        at = _end(data)
    except IndexError:
        raise ValueError(ENDS) from None
    if _within(data, at) < len(data):
        raise ValueError(MORE)


def _end(data: bytes) -> int:
    """Return where the value ends, or should; an index is out of range where it ends too soon."""
    at, left, keyed = 0, 1, False
    around: list[tuple[int, bool]] = []  # of what is open: how many items are left, and whether they have keys
    while True:
        while not left:
            if not around:
                return at
            left, keyed = around.pop()
        left -= 1
        head = data[at]
        if keyed:
            if head not in _KEYS:
                raise ValueError(OTHER_KEY)
            at += _LEAVES[head] or _length(data, at, head)
            head = data[at]
        if head in _CONTAINERS:
            at, count = _opened(data, at, head)
            if len(around) == MAX_LEVELS:
                raise ValueError(TOO_DEEP)
            around.append((left, keyed))
            left, keyed = count, head < 0x90 or head in _MAPS
        elif head in _EXTENSIONS:
            raise ValueError(EXTENSION)
        else:
            at += _LEAVES[head] or _length(data, at, head)


def _length(data: bytes, at: int, head: int) -> int:
    """Return how many bytes a string or bytes takes, with its head."""
    start = at + 1 + _WIDTHS[head]
    return start - at + int.from_bytes(data[at + 1 : _within(data, start)])


def _opened(data: bytes, at: int, head: int) -> tuple[int, int]:
    """Return where the first item of a container is, and how many items it has."""
    if head <= 0x9F:
        return at + 1, head & 0x0F
    start = at + 1 + _WIDTHS[head]
    return start, int.from_bytes(data[at + 1 : _within(data, start)])


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise ValueError(ENDS)
    return end
