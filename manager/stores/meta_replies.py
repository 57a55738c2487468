"""What a node's replies mean: one function for each command, which takes the reply's line and its data block.

They are read by ``doc/protocol.txt`` of memcached 1.6. Invariant: a reply is what the command can be answered by, to
the last token, or it is a `MemcacheError` of pymemcache; nothing is guessed.
"""

import re
from typing import NoReturn

from pymemcache.exceptions import (
    MemcacheClientError,
    MemcacheServerError,
    MemcacheUnknownCommandError,
    MemcacheUnknownError,
)

from .store import Cas, Item, Outcome, Written
from .store_arguments import HIGHEST_FLAGS

_VALUE = re.compile(rb"VA (\d{1,10})(?: .*)?", re.DOTALL)
_FOUND = rb" c(\d{1,20}) f(\d{1,10}) t(-1|\d{1,10})"
_STATE = re.compile(rb"HD" + _FOUND)
_ITEM = re.compile(rb"VA \d{1,10}" + _FOUND)
_WRITTEN = re.compile(rb"(HD|EX|NF|NS)(?: c(\d{1,20}))? ?")
_HIGHEST_CAS = 2**64 - 1
_HIGHEST_TTL = 2**31 - 1


def block_size(line: bytes) -> int | None:
    """Return the bytes of the data block that follows a line, None if none does.

    >>> block_size(b"VA 12 c7 f0 t-1"), block_size(b"HD c7")
    (12, None)
    """
    if not line.startswith(b"VA"):
        return None
    found = _VALUE.fullmatch(line)
    return int(found[1]) if found else unexpected(line)


def read_item(line: bytes, block: bytes | None, generation: str) -> Item | None:
    """Return what ``mg`` with ``v c f t`` found.

    >>> read_item(b"VA 5 c7 f0 t60", b"value", "4f1d")
    Item(cas=Cas(unique=7, generation='4f1d'), flags=0, ttl=60, value=b'value')
    """
    return None if line == b"EN" else _item(line, _ITEM.fullmatch(line), block, generation)


def read_state(line: bytes, _block: bytes | None, generation: str) -> Item | None:
    """Return what ``mg`` with ``c f t`` found.

    >>> read_state(b"HD c7 f0 t-1", None, "4f1d")
    Item(cas=Cas(unique=7, generation='4f1d'), flags=0, ttl=None, value=None)
    """
    return None if line == b"EN" else _item(line, _STATE.fullmatch(line), None, generation)


def read_added(line: bytes, _block: bytes | None, generation: str) -> Written:
    """Return how ``ms`` with ``ME`` ended.

    >>> read_added(b"HD c7", None, "4f1d").cas
    Cas(unique=7, generation='4f1d')
    >>> read_added(b"NS c0", None, "4f1d").outcome
    <Outcome.EXISTS: 'exists'>
    """
    return _written(line, generation, {b"NS": Outcome.EXISTS})


def read_replaced(line: bytes, _block: bytes | None, generation: str) -> Written:
    """Return how ``ms`` with ``C`` ended.

    >>> read_replaced(b"NF c0", None, "4f1d").outcome
    <Outcome.NOT_FOUND: 'not found'>
    """
    return _written(line, generation, {b"EX": Outcome.EXISTS, b"NF": Outcome.NOT_FOUND})


def read_set(line: bytes, _block: bytes | None, generation: str) -> Written:
    """Return how ``ms`` without a condition ended: it has stored.

    >>> read_set(b"HD c7", None, "4f1d").outcome
    <Outcome.STORED: 'stored'>
    """
    return _written(line, generation, {})


def read_deleted(line: bytes, _block: bytes | None, _generation: str) -> Outcome:
    """Return how ``md`` with ``C`` ended.

    >>> read_deleted(b"HD", None, "4f1d")
    <Outcome.STORED: 'stored'>
    """
    # Before 1.6.18 a space follows.
    outcomes = {b"HD": Outcome.STORED, b"EX": Outcome.EXISTS, b"NF": Outcome.NOT_FOUND}
    return outcomes.get(line.removesuffix(b" ")) or unexpected(line)


def read_authenticated(line: bytes, _block: bytes | None, _generation: str) -> None:
    """Return nothing when a name and a password were taken.

    >>> read_authenticated(b"STORED", None, "")
    """
    if line != b"STORED":
        unexpected(line)


def read_version(line: bytes, _block: bytes | None, _generation: str) -> str:
    """Return the version of a server.

    >>> read_version(b"VERSION 1.6.18", None, "")
    '1.6.18'
    """
    word, _, version = line.partition(b" ")
    if word != b"VERSION":
        unexpected(line)
    return version[:40].decode("ascii", "backslashreplace")


def read_settings(line: bytes, block: bytes | None, _generation: str) -> dict[str, str]:
    """Return the settings of a server by name.

    >>> read_settings(b"STAT item_size_max 1048576", b"STAT cas_enabled yes\\r\\n", "")
    {'item_size_max': '1048576', 'cas_enabled': 'yes'}
    """
    lines = [line, *(block or b"").split(b"\r\n")[:-1]]
    words = [each.decode("ascii", "backslashreplace").split(" ", 2) for each in lines]
    for each, spoken in zip(lines, words, strict=True):
        if len(spoken) != 3 or spoken[0] != "STAT":
            unexpected(each)
    return {name: value for _, name, value in words}


def unexpected(line: bytes) -> NoReturn:
    """Raise what a line stands for that is no reply to the command.

    Raises
    ------
    MemcacheServerError
        The server could not do it.
    MemcacheClientError
        The server does not take the command (`MemcacheUnknownCommandError`: does not know it), or not from us.
    MemcacheUnknownError
        It is none of memcached's errors.

    >>> unexpected(b"SERVER_ERROR out of memory storing object")
    Traceback (most recent call last):
        ...
    pymemcache.exceptions.MemcacheServerError: out of memory storing object
    """
    said = line[:100].decode("ascii", "backslashreplace")
    if line.startswith(b"SERVER_ERROR"):
        raise MemcacheServerError(said.removeprefix("SERVER_ERROR").strip())
    if line.startswith(b"ERROR Too many open connections"):
        raise MemcacheServerError("too many open connections")
    if line.startswith(b"CLIENT_ERROR"):
        raise MemcacheClientError(said.removeprefix("CLIENT_ERROR").strip())
    if line == b"ERROR":
        raise MemcacheUnknownCommandError("unknown command")
    raise MemcacheUnknownError(f"an answer that is none: {said!r}")


def _item(line: bytes, found: re.Match[bytes] | None, value: bytes | None, generation: str) -> Item:
    if found is None:
        unexpected(line)
    unique, flags, ttl = map(int, found.groups())
    if unique > _HIGHEST_CAS or flags > HIGHEST_FLAGS:
        unexpected(line)
    if ttl > _HIGHEST_TTL:
        ttl = 0  # it expired while the server wrote the answer, and the server counts without a sign
    return Item(Cas(unique, generation), flags, None if ttl < 0 else ttl, value)


def _written(line: bytes, generation: str, refusals: dict[bytes, Outcome]) -> Written:
    found = _WRITTEN.fullmatch(line)
    if found is None:
        unexpected(line)
    if found[1] != b"HD":
        return Written(refusals.get(found[1]) or unexpected(line))
    if found[2] is None or int(found[2]) > _HIGHEST_CAS:
        unexpected(line)
    return Written(Outcome.STORED, Cas(int(found[2]), generation))
