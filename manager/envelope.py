"""The envelope: what is stored for a session, a header that can be read without the payload, and a signature.

Numbers are unsigned and big-endian; h, n, v and p stand for the values of their fields.

=========  ======  ==================================================================================================
offset     bytes   field
=========  ======  ==================================================================================================
0          2       ``D3 53``
2          1       format version, 1
3          1       flags: 1 compressed by zlib, 2 by zstd (never both), 4 signed, 8 dead; the others are 0
4          8       BLAKE2b of the storage key, which is itself a hash of the sid
12         8       created, milliseconds since 1970
20         8       accessed, milliseconds since 1970
28         8       counter
36         4       idle limit, seconds; ``FF FF FF FF``: none
40         4       absolute limit, seconds; ``FF FF FF FF``: none
44         4       touch interval, seconds
48         4       bytes of the payload
52         4       p, bytes of the payload as stored: fewer if it is compressed, else the same
56         1       n, bytes of the serializer's name, at least 1
57         1       v, entries of the version vector, at most 16
58         n       name of the serializer, UTF-8
58+n       12 v    version vector: writer (4), count (8), the one that saved last at the end
58+n+12v   p       payload as stored
58+n+12v+p 32      if signed: HMAC-SHA256
=========  ======  ==================================================================================================

A tombstone has the dead flag and no payload. `signing` says what the HMAC is over: all before it, and the storage key.

Invariants: with keys, nothing is decompressed or believed before the signature is verified; without keys, hostile
bytes cost at most three times `max_payload_bytes` and a few hundred KiB; whatever is wrong is an `UndecodableError`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from ..serializers import SerializationError
from .compression import Compression, compression_named
from .errors import ConfigurationError, UndecodableError
from .signing import MAC_SIZE, Signer
from .version_vector import VersionVector

_FIXED = struct.Struct(">2sBB8sQQQIIIIIBB")
_ENTRY = struct.Struct(">IQ")
_MAGIC = b"\xd3S"
_VERSION = 1
_SIGNED, _DEAD = 4, 8
_COMPRESSION_FLAGS = {"zlib": 1, "zstd": 2}
_COMPRESSED = 3
_NO_LIMIT = 0xFFFFFFFF
_WORTH_COMPRESSING = 256  # bytes; below, either compression saves nothing to speak of
_LAST_MOMENT = 253_402_300_799_999  # of the year 9999: later ones are no dates in Python
_COUNT_LIMIT = 1 << 62  # no honest count comes near, and one more than what was read can still be written


@dataclass(frozen=True, slots=True)
class Header:
    """What an envelope says of a session besides its attributes.

    Parameters
    ----------
    created, accessed
        Milliseconds since 1970.
    idle, absolute
        Limits in seconds; None: for ever.
    counter
        Saves so far, over all processes.
    vector
        Saves of each process.
    dead
        The session was destroyed or rotated.
    touch_interval
        Seconds between two signs of life.
    serializer
        The name of what wrote the payload.
    """

    created: int
    accessed: int
    idle: int | None
    absolute: int | None
    counter: int
    vector: VersionVector
    dead: bool
    touch_interval: int
    serializer: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A header and the payload, decompressed."""

    header: Header
    payload: bytes


class EnvelopeCodec:
    """Makes and opens envelopes.

    Parameters
    ----------
    signing_keys
        The first one signs, all are tried at verification; without any, nothing is signed and nothing signed accepted.
    compression
        For payloads from 256 bytes on that it makes smaller; what is read may be compressed in either way.
    max_payload_bytes
        Of the decompressed payload, written or read.

    Raises
    ------
    ConfigurationError
        A key is empty, the bound is below 1, or the compression is unknown or not installed.

    >>> codec = EnvelopeCodec(signing_keys=[b"a secret"], max_payload_bytes=1000)
    >>> header = Header(0, 0, 1800, None, 1, VersionVector(((7, 1),)), False, 450, "json")
    >>> codec.open("s:1", codec.seal("s:1", header, b"{}")) == Envelope(header, b"{}")
    True
    """

    def __init__(
        self,
        *,
        signing_keys: Sequence[bytes] = (),
        compression: Literal["zlib", "zstd"] | None = None,
        max_payload_bytes: int,
    ) -> None:
        if max_payload_bytes < 1:
            raise ConfigurationError(f"max_payload_bytes={max_payload_bytes!r}: give a number of bytes above 0")
        self._signer = Signer(signing_keys) if signing_keys else None
        self._compression = None if compression is None else compression_named(compression)
        self._max_payload_bytes = max_payload_bytes

    def seal(self, key: str, header: Header, payload: bytes) -> bytes:
        """Return the bytes to store.

        Parameters
        ----------
        key
            The storage key, ASCII; the envelope opens under no other.

        Raises
        ------
        SerializationError
            The payload is over the bound.
        ValueError
            A tombstone has a payload, or a field of the header is out of range.
        """
        size = len(payload)
        if size > self._max_payload_bytes:
            raise SerializationError(f"{size} bytes of session, over the {self._max_payload_bytes} allowed: store less")
        if header.dead and size:
            raise ValueError(f"a tombstone with a payload of {size} bytes")
        flags = (0 if self._signer is None else _SIGNED) | (_DEAD if header.dead else 0)
        stored = payload
        if self._compression is not None and size >= _WORTH_COMPRESSING:
            compressed = self._compression.compress(payload)
            if len(compressed) < size:
                stored = compressed
                flags |= _COMPRESSION_FLAGS[self._compression.name]
        head = _pack(key, header, flags, size, len(stored))
        if self._signer is None:
            return head + stored
        return b"".join((head, stored, self._signer.sign(key, head, stored)))

    def open(self, key: str, data: bytes) -> Envelope:
        """Return what `seal` was given.

        Parameters
        ----------
        key
            The storage key under which the bytes were found.

        Raises
        ------
        UndecodableError
            The bytes are anything but an envelope for this key, signed as configured, within the bound.
        """
        flags = _checked_flags(data)
        end = len(data) - MAC_SIZE if flags & _SIGNED else len(data)
        self._verify(key, data, end, signed=bool(flags & _SIGNED))
        header, start, size = _unpack(key, data, end)
        if size > self._max_payload_bytes:
            raise UndecodableError(
                f"it holds {size} bytes of session, over the {self._max_payload_bytes} allowed here: "
                "set max_session_bytes alike in all processes"
            )
        stored = data[start:end]
        compression = _compression(flags)
        return Envelope(header, stored if compression is None else compression.decompress(stored, size))

    def _verify(self, key: str, data: bytes, end: int, *, signed: bool) -> None:
        signer = self._signer
        if signer is None:
            if signed:
                raise UndecodableError("it is signed, and signing_keys is empty here: give the keys of the others")
        elif not signed:
            raise UndecodableError("it is not signed, and signing_keys is set here: set it in all processes")
        elif not signer.verifies(key, memoryview(data)[:end], data[end:]):
            raise UndecodableError(
                f"its signature fits none of the {len(signer)} signing_keys: it was changed, copied from another "
                "storage key, or signed with a key that is missing here: keep the old key after the new one for a while"
            )


def _checked_flags(data: bytes) -> int:
    """Return the flags of what looks like an envelope."""
    if data[:2] != _MAGIC:
        raise UndecodableError(
            f"these {len(data)} bytes are no session: give whatever else writes here another storage_key_prefix"
        )
    if len(data) < _FIXED.size:
        raise _damaged(f"it ends after {len(data)} bytes")
    version, flags = data[2], data[3]
    if version != _VERSION or flags & ~(_COMPRESSED | _SIGNED | _DEAD) or flags & _COMPRESSED == _COMPRESSED:
        raise UndecodableError(
            f"format version {version} with flags {flags:#04x}, and this release reads version {_VERSION} with flags "
            "0x00 to 0x0e: bring all processes to one release"
        )
    return flags


def _key_hash(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=8).digest()


def _pack(key: str, header: Header, flags: int, size: int, stored_size: int) -> bytes:
    name = header.serializer.encode()
    times = header.created, header.accessed, header.counter
    idle = _NO_LIMIT if header.idle is None else header.idle
    absolute = _NO_LIMIT if header.absolute is None else header.absolute
    limits = idle, absolute, header.touch_interval
    entries = header.vector.entries
    if not name or header.idle == _NO_LIMIT or header.absolute == _NO_LIMIT:
        raise ValueError(f"no name of a serializer, or a limit of {_NO_LIMIT} seconds: {header}")
    sizes = size, stored_size, len(name), len(entries)
    try:
        fixed = _FIXED.pack(_MAGIC, _VERSION, flags, _key_hash(key), *times, *limits, *sizes)
        return b"".join((fixed, name, *[_ENTRY.pack(*entry) for entry in entries]))
    except struct.error as error:
        raise ValueError(f"a field of the header is out of range ({error}): {header}") from error


def _unpack(key: str, data: bytes, end: int) -> tuple[Header, int, int]:
    """Return the header, where the payload begins, and its size once decompressed; the payload ends at `end`."""
    fields = _FIXED.unpack_from(data)
    flags, key_hash, created, accessed, counter, idle, absolute, touch_interval = fields[2:10]
    size, stored_size, name_size, writers = fields[10:]
    if key_hash != _key_hash(key):
        raise UndecodableError("it belongs to another storage key: something has copied it")
    name_end = _FIXED.size + name_size
    start = name_end + writers * _ENTRY.size
    if start + stored_size != end:
        raise _damaged(f"the header announces {start + stored_size} bytes before the signature, and there are {end}")
    if stored_size >= size if flags & _COMPRESSED else stored_size != size:
        raise _damaged(f"{stored_size} bytes stored for {size}")
    if flags & _DEAD and size:
        raise _damaged("a tombstone with a payload")
    entries = tuple(_ENTRY.iter_unpack(data[name_end:start]))
    if max(created, accessed) > _LAST_MOMENT or max((counter, *(count for _, count in entries))) >= _COUNT_LIMIT:
        raise _damaged("a time or a count is out of range")
    try:
        name = data[_FIXED.size : name_end].decode()
        vector = VersionVector(entries)
    except ValueError as error:
        raise _damaged(str(error)) from error
    if not name:
        raise _damaged("the serializer has no name")
    dead = flags & _DEAD != 0
    header = Header(created, accessed, _limit(idle), _limit(absolute), counter, vector, dead, touch_interval, name)
    return header, start, size


def _limit(seconds: int) -> int | None:
    return None if seconds == _NO_LIMIT else seconds


def _damaged(what: str) -> UndecodableError:
    return UndecodableError(f"damaged: {what}")


def _compression(flags: int) -> Compression | None:
    """Return what the payload was compressed with, which need not be what is configured here."""
    for name, flag in _COMPRESSION_FLAGS.items():
        if flags & flag:
            try:
                return compression_named(name)
            except ConfigurationError as error:
                raise UndecodableError(f"it is compressed by {name}, which is not installed here: {error}") from error
    return None
