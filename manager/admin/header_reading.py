"""The header of an envelope as far as it can be read, of damaged, unverified and foreign ones too.

`envelope` believes all of a header or nothing, as is right for sessions. Whoever looks for what is wrong with one wants
to see the rest. The layout is the one that `envelope` states. Invariants: whatever the bytes are, there is no error;
of what `envelope` opens both read the same.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from .quantities import moment

_MAGIC = b"\xd3S"
_READABLE_VERSION = 1
_COMPRESSIONS = {0: None, 1: "zlib", 2: "zstd"}
_SIGNED, _DEAD = 4, 8
_NO_LIMIT = 0xFFFFFFFF
_NAME, _ENTRY = 58, 12
"""Where the serializer's name begins, and how long an entry of the version vector is."""

Limit = int | Literal["never"]


@dataclass(frozen=True, slots=True)
class Writer:
    """An entry of a version vector."""

    writer: str
    """The process: eight hexadecimal digits."""
    saves: int


@dataclass(frozen=True, slots=True)
class HeaderReading:
    """What bytes say of the session that they are; None is what they are too short or too new to say."""

    format_version: int | None
    flags: int | None
    """As stored; what is known of them is in the next three."""
    compression: str | None
    signed: bool
    dead: bool
    key_matches: bool | None
    """Whether they were made for the key that they were found under."""
    created: str | None
    accessed: str | None
    idle_limit: Limit | None
    """Seconds."""
    absolute_limit: Limit | None
    """Seconds."""
    touch_interval: int | None
    """Seconds."""
    counter: int | None
    version_vector: tuple[Writer, ...] | None
    """The process that saved last is at the end."""
    serializer: str | None
    payload_bytes: int | None
    """Decompressed, as announced."""
    stored_payload_bytes: int | None
    """As announced."""


def read_header(key: str, data: bytes) -> HeaderReading | None:
    """Return what the header says; None if the bytes are no envelope at all.

    Parameters
    ----------
    key
        The storage key under which they were found.

    >>> reading = read_header("s:1", bytes.fromhex("d353 01 0c"))
    >>> reading.dead, reading.created
    (True, None)
    >>> read_header("s:1", b"something else") is None
    True
    """
    if data[:2] != _MAGIC:
        return None
    version, flags = _number(data, 2, 1), _number(data, 3, 1)
    # Another version may have anything in any place.
    known = data if version == _READABLE_VERSION else b""
    set_flags = (flags or 0) if known else 0
    key_hash = known[4:12]
    created, accessed = _number(known, 12, 8), _number(known, 20, 8)
    serializer, vector = _variable_part(known)
    return HeaderReading(
        format_version=version,
        flags=flags,
        compression=_COMPRESSIONS.get(set_flags & 3, "unknown"),
        signed=bool(set_flags & _SIGNED),
        dead=bool(set_flags & _DEAD),
        key_matches=key_hash == blake2b(key.encode(), digest_size=8).digest() if len(key_hash) == 8 else None,
        created=None if created is None else moment(created),
        accessed=None if accessed is None else moment(accessed),
        idle_limit=_limit(_number(known, 36, 4)),
        absolute_limit=_limit(_number(known, 40, 4)),
        touch_interval=_number(known, 44, 4),
        counter=_number(known, 28, 8),
        version_vector=vector,
        serializer=serializer,
        payload_bytes=_number(known, 48, 4),
        stored_payload_bytes=_number(known, 52, 4),
    )


def _variable_part(data: bytes) -> tuple[str | None, tuple[Writer, ...] | None]:
    """Return the serializer's name and the version vector, each if it is whole."""
    name_size, writers = _number(data, 56, 1), _number(data, 57, 1)
    if name_size is None or writers is None:
        return None, None
    name, start = data[_NAME : _NAME + name_size], _NAME + name_size
    entries = [data[at : at + _ENTRY] for at in range(start, start + writers * _ENTRY, _ENTRY)]
    return (
        name.decode("utf-8", "backslashreplace") if len(name) == name_size else None,
        tuple(Writer(entry[:4].hex(), int.from_bytes(entry[4:], "big")) for entry in entries)
        if all(len(entry) == _ENTRY for entry in entries)
        else None,
    )


def _number(data: bytes, offset: int, size: int) -> int | None:
    digits = data[offset : offset + size]
    return int.from_bytes(digits, "big") if len(digits) == size else None


def _limit(seconds: int | None) -> Limit | None:
    return "never" if seconds == _NO_LIMIT else seconds
