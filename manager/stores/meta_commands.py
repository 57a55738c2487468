"""The commands that a node is sent: the bytes of each, and the function that reads its reply.

They are written from ``doc/protocol.txt`` of memcached 1.6. Invariants: a command is complete in its bytes, which leave
in one piece; its arguments were checked before there are any bytes.
"""

import re
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from .meta_replies import (
    read_added,
    read_authenticated,
    read_deleted,
    read_item,
    read_replaced,
    read_set,
    read_settings,
    read_state,
    read_version,
)
from .store import Cas, Item, Outcome, Written
from .store_arguments import checked_flags, checked_key, checked_ttl, item_size

_LONGEST_RELATIVE = 60 * 60 * 24 * 30
"""Seconds; what is more a server takes for a time since 1970 (``REALTIME_MAXDELTA`` in memcached.c)."""

_LAST_SECOND = 2**31 - 1
"""Since 1970; what is later a server takes for the past, and the item is gone at once."""

_CREDENTIAL = re.compile(r"[^\x00-\x20\x7f]+")

_Answer = TypeVar("_Answer")


class Command(NamedTuple, Generic[_Answer]):
    """What is sent, and what the reply is made into."""

    request: bytes
    read: Callable[[bytes, bytes | None, str], _Answer]
    """Takes the reply's line, its data block if it has one, and the generation of the server."""
    key: str = ""
    size: int = 0
    """Bytes of the item that is to be stored, as the server counts them."""
    generation: str | None = None
    """The one of the `Cas` that the command names; None if it names none."""


VERSION = Command(b"version\r\n", read_version)
"""Asks for the server's version."""

SETTINGS = Command(b"stats settings\r\n", read_settings)
"""Asks how the server was started."""


def get_command(key: str, *, value: bool, touch: int | None, renew: bool) -> Command[Item | None]:
    """Return ``mg``; the parameters are those of `Store.get`.

    >>> get_command("k", value=True, touch=60, renew=True).request
    b'mg k v c f t T60\\r\\n'
    """
    # The life left is asked for before it is renewed: the server works from left to right.
    asked = f"{'v ' if value else ''}c f t{f' T{wire_ttl(touch)}' if renew else ''}"
    return Command(f"mg {checked_key(key)} {asked}\r\n".encode(), read_item if value else read_state, key)


def add_command(key: str, value: bytes, *, flags: int, ttl: int | None) -> Command[Written]:
    """Return ``ms`` in the mode that stores where nothing is.

    >>> add_command("k", b"v", flags=7, ttl=None).request
    b'ms k 1 c T0 F7 ME\\r\\nv\\r\\n'
    """
    return Command(_storing(key, value, flags, ttl, "ME"), read_added, key, item_size(key, value, flags))


def replace_command(key: str, value: bytes, *, cas: Cas, flags: int, ttl: int | None) -> Command[Written]:
    """Return ``ms`` with the count that the item must have.

    >>> replace_command("k", b"v", cas=Cas(12, "4f1d"), flags=0, ttl=60).request
    b'ms k 1 c T60 F0 C12\\r\\nv\\r\\n'
    """
    request = _storing(key, value, flags, ttl, f"C{cas.unique}")
    return Command(request, read_replaced, key, item_size(key, value, flags), cas.generation)


def set_command(key: str, value: bytes, *, flags: int, ttl: int | None) -> Command[Written]:
    """Return ``ms`` without a condition.

    >>> set_command("k", b"v", flags=0, ttl=60).request
    b'ms k 1 c T60 F0 MS\\r\\nv\\r\\n'
    """
    return Command(_storing(key, value, flags, ttl, "MS"), read_set, key, item_size(key, value, flags))


def delete_command(key: str, *, cas: Cas) -> Command[Outcome]:
    """Return ``md`` with the count that the item must have.

    >>> delete_command("k", cas=Cas(12, "4f1d")).request
    b'md k C12\\r\\n'
    """
    request = f"md {checked_key(key)} C{cas.unique}\r\n".encode()
    return Command(request, read_deleted, key, generation=cas.generation)


def authenticate_command(username: str, password: str) -> Command[None]:
    """Return the ``set`` by which ``memcached -Y`` takes a name and a password.

    Its life is negative: a server that asks for no password takes this for an item, and must not keep it.

    Raises
    ------
    ValueError
        One of them is empty, or has spaces or control characters, which memcached cannot have in them.

    >>> authenticate_command("app", "secret").request
    b'set memcached-sessions:authentication 0 -1 10\\r\\napp secret\\r\\n'
    """
    if not (_CREDENTIAL.fullmatch(username) and _CREDENTIAL.fullmatch(password)):
        raise ValueError("username and password must have characters, and no spaces or control characters among them")
    credentials = f"{username} {password}".encode()
    line = b"set memcached-sessions:authentication 0 -1 %d\r\n" % len(credentials)
    return Command(b"%b%b\r\n" % (line, credentials), read_authenticated)


def wire_ttl(ttl: int | None) -> int:
    """Return the number by which a server is told a time to live.

    Over 30 days it is a time since 1970 by the clock of this machine, and no later than the server can tell (2038).

    Raises
    ------
    ValueError
        The time to live is 0 or less.

    >>> wire_ttl(None), wire_ttl(1), wire_ttl(2_592_000)
    (0, 1, 2592000)
    """
    ttl = checked_ttl(ttl)
    if ttl is None:
        return 0
    if ttl <= _LONGEST_RELATIVE:
        return ttl
    now = int(time.time())
    if _LAST_SECOND - now <= _LONGEST_RELATIVE:
        return _LONGEST_RELATIVE
    return min(now + ttl, _LAST_SECOND)


def _storing(key: str, value: bytes, flags: int, ttl: int | None, condition: str) -> bytes:
    line = f"ms {checked_key(key)} {len(value)} c T{wire_ttl(ttl)} F{checked_flags(flags)} {condition}\r\n"
    return b"%b%b\r\n" % (line.encode(), value)
