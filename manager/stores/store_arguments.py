"""What every store checks before it does anything: the key, the flags, the time to live, and the size of the item.

Invariant: what passes here cannot be taken by a server for another command or another value. A wrong argument is a
mistake of the program that calls, no fault of a node: it is a `ValueError`, and no `StoreError`.
"""

import re

HIGHEST_FLAGS = 2**32 - 1
"""A server takes the low 32 bits of a larger number without a word."""

_KEY = re.compile(r"[!-~]{1,250}")
_HEADER = 48 + 8
"""Bytes of an item's header on a 64-bit server, and of its CAS count (``do_item_alloc`` in memcached's items.c)."""


def checked_key(key: str) -> str:
    """Return the key if it is one.

    Raises
    ------
    ValueError
        It is not 1 to 250 printable ASCII characters without spaces.

    >>> checked_key("session:4f1d")
    'session:4f1d'
    >>> checked_key("a b")
    Traceback (most recent call last):
        ...
    ValueError: key 'a b' is not 1 to 250 printable ASCII characters without spaces
    """
    if _KEY.fullmatch(key):
        return key
    raise ValueError(f"key {key[:80]!r} is not 1 to 250 printable ASCII characters without spaces")


def checked_flags(flags: int) -> int:
    """Return the client flags if they are 32 bits.

    Raises
    ------
    ValueError
        They are less than 0, or more than 32 bits.

    >>> checked_flags(2**32)
    Traceback (most recent call last):
        ...
    ValueError: flags 4294967296 are not 32 bits: 0 to 4294967295
    """
    if 0 <= flags <= HIGHEST_FLAGS:
        return flags
    raise ValueError(f"flags {flags} are not 32 bits: 0 to {HIGHEST_FLAGS}")


def checked_ttl(ttl: int | None) -> int | None:
    """Return the time to live if it is one: whole seconds above 0, or None for ever.

    Raises
    ------
    ValueError
        It is 0 or less, which a server takes for "for ever" and for "gone".

    >>> checked_ttl(0)
    Traceback (most recent call last):
        ...
    ValueError: ttl 0 is no time to live: give 1 second or more, or None for ever
    """
    if ttl is None or ttl >= 1:
        return ttl
    raise ValueError(f"ttl {ttl} is no time to live: give 1 second or more, or None for ever")


def item_size(key: str, value: bytes, flags: int) -> int:
    """Return the bytes that a server counts against its item limit: the value, its line end, the key and the header.

    >>> item_size("k", b"value", 0)
    65
    """
    return _HEADER + len(key) + 1 + (4 if flags else 0) + len(value) + 2
