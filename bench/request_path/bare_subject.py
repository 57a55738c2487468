"""pymemcache alone: what reading and writing bytes costs before there is any session, cookie or dict.

Invariant: the strict row does nothing but `Client.get` of the bytes (and `Client.set` of bytes made beforehand), with
``no_delay`` and replies awaited: nothing that keeps sessions in memcached by this client can be faster.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from time import sleep
from typing import Any, cast

from pymemcache.client.base import Client, PooledClient

from ...serializers import get_serializer
from .result import Group, Kind
from .subject import COUNTER, SESSIONS, TIMEOUT, Offer, Target, UnavailableError

BARE_GET = "bare get, set (pymemcache)"
"""The row that others are compared with."""

_KINDS = (Kind.READ, Kind.CHANGE)


def bare_offers() -> list[Offer]:
    """Return the rows of pymemcache alone."""
    return [
        Offer(
            BARE_GET,
            Group.BARE,
            partial(BareSubject, decoding=False),
            _KINDS,
            "read: get of the bytes; change: get, and set of bytes made beforehand; no decoding, no_delay",
            keeps_updates=False,
        ),
        Offer(
            "bare get, set + msgspec",
            Group.BARE,
            partial(BareSubject, decoding=True),
            _KINDS,
            "the same with decoding, and encoding for a change, by msgspec's msgpack",
        ),
    ]


class BareSubject:
    """A client of memcached, and a key for each session.

    Parameters
    ----------
    target
        The memcached and the content.
    decoding
        Whether requests make a dict of the bytes, and bytes of a changed dict.
    """

    def __init__(self, target: Target, *, decoding: bool) -> None:
        self._encode, self._decode = _msgspec() if decoding else _msgpack()
        self._decoding = decoding
        address = (target.host, target.port)
        self._client: Any = Client(
            address, connect_timeout=TIMEOUT, timeout=TIMEOUT, no_delay=True, default_noreply=False
        )
        self._shared: Any = PooledClient(
            address, connect_timeout=TIMEOUT, timeout=TIMEOUT, no_delay=True, default_noreply=False
        )
        self._content = target.content()
        self._probe = target.probe
        self._keys = [f"bare-{decoding}-{number:032x}" for number in range(SESSIONS)]
        for key in self._keys:
            self._client.set(key, self._encode(self._content))

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        get, set_, encode, decode, probe = self._client.get, self._client.set, self._encode, self._decode, self._probe
        visits = [(self._keys[number % SESSIONS], number) for number in numbers]
        ready = [encode({**self._content, COUNTER: number}) for number in numbers]

        def read_bytes() -> object:
            found = None
            for key, _ in visits:
                found = get(key)
            return decode(cast("bytes", found))[probe]

        def change_bytes() -> object:
            for (key, _), value in zip(visits, ready, strict=True):
                get(key)
                set_(key, value)
            return None

        def read() -> object:
            found = None
            for key, _ in visits:
                found = decode(get(key))[probe]
            return found

        def change() -> object:
            for key, number in visits:
                content = decode(get(key))
                content[COUNTER] = number
                set_(key, encode(content))
            return None

        if self._decoding:
            return read if kind is Kind.READ else change
        return read_bytes if kind is Kind.READ else change_bytes

    def settle(self) -> None:
        """Do nothing: replies were awaited."""

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what the key holds."""
        return self._decode(self._client.get(self._keys[number % SESSIONS]))

    def increment(self, name: str, think: float) -> None:
        """Get, add 1 and set, as a library without locks does."""
        content = self._decode(cast("bytes", self._shared.get(self._keys[0])))
        if think:
            sleep(think)
        content[name] = content.get(name, 0) + 1
        self._shared.set(self._keys[0], self._encode(content))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._shared.close()


_Codec = tuple[Callable[[object], bytes], Callable[[bytes], dict[str, Any]]]


def _msgspec() -> _Codec:
    """Return what encodes and decodes within the clock."""
    try:
        msgpack: Any = import_module("msgspec.msgpack")
    except ImportError as error:
        raise UnavailableError(f"not installed ({error}): the extra request-path has it") from error
    return msgpack.Encoder().encode, msgpack.Decoder().decode


def _msgpack() -> _Codec:
    """Return what makes about the same bytes, and is always there."""
    serializer: Any = get_serializer("msgpack")
    return serializer.dumps, serializer.loads
