"""Small payloads that ask for much: memory, depth, or time.

Each is meant for one format, or for whichever format has the byte, and every serializer gets all of them.
"""

import gzip
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import islice, product

from ...serializers.damaged import huge_lengths, repeated_beginnings, repeated_bytes

_MEBIBYTE = 1 << 20
_CLAIMED = 192 * _MEBIBYTE
"""Bytes, or items: so much can be had on every machine, and nobody should take it for a few bytes of payload."""
_ZEROS = 160 * _MEBIBYTE
_LEVELS = 100_000
_DIGITS = 400_000
_DOUBLINGS = 40
_COLLIDING = 20_000
_FORY_CHUNK = 255
_PRIME = 2**61 - 1
"""Python's integers are hashed modulo this, on 64-bit machines: its multiples all collide."""

PAIR_TAG = "hostile.Pair"
"""The tag of a registered class of two fields, `left` and `right`, that is hashed by value."""


def memory_bombs() -> Iterator[bytes]:
    """Yield declared lengths of what is not there, containers that claim all that follows, and zip bombs.

    >>> max(map(len, memory_bombs())) < 2**20
    True
    """
    yield from huge_lengths()
    for first in range(256):
        for length in (_CLAIMED.to_bytes(4), _CLAIMED.to_bytes(4, "little"), _CLAIMED.to_bytes(8), _varint(_CLAIMED)):
            yield bytes([first]) + length
            yield b"\x01" + bytes([first]) + length  # the version byte of compact
    yield b"\x01\xff\x16" + _varint(_CLAIMED // 16) + b"\x08\x24"  # Fory's list of that many None, all there
    size = _CLAIMED.to_bytes(4, "little")
    yield b"\x80\x02cbuiltins\nbytearray\nJ" + size + b"\x85R."
    yield b"\x80\x04Nr" + (_CLAIMED // 16).to_bytes(4, "little") + b"0N."  # pickle's table of what it has seen
    yield b"\x80\x05\x96" + _CLAIMED.to_bytes(8, "little") + b"."
    yield from _claims()
    yield from _zip_bombs()


def _claims() -> Iterator[bytes]:
    """Yield lists within lists, each of which claims as many items as bytes follow."""
    filler = 300_000
    for opening in (b"\xdd" + filler.to_bytes(4), b"\x9a" + filler.to_bytes(4), b"\xae" + _varint(filler)):
        nested = opening * 499
        yield nested + b"\x00" * filler
        yield b"\x01" + nested + b"\x00" * filler
        yield b"\x92\xc7\x00\x02" + nested + b"\x00" * filler


@cache
def _zip_bombs() -> tuple[bytes, ...]:
    zeros = bytes(_ZEROS)
    return zlib.compress(zeros, 1), gzip.compress(zeros, 1)


def long_numbers() -> Iterator[bytes]:
    """Yield numbers of very many digits, and small ones that stand for such.

    >>> next(long_numbers())[:5]
    b'77777'
    """
    digits = b"7" * _DIGITS
    yield digits
    yield b'{"a":' + digits + b"}"
    yield b"0." + digits
    yield b"1e" + digits
    yield b"1e999999999"
    yield b"0x" + digits
    yield b"L" + digits + b"L\n."
    yield b"I" + digits + b"\n."
    yield b"\x80\x02\x8b" + _DIGITS.to_bytes(4, "little") + digits + b"."
    yield b"\x01\xa7" + _varint(_DIGITS) + digits
    big = b"\xc2\x5a" + _DIGITS.to_bytes(4) + digits
    yield big
    yield b"\xd8\x1e\x82" + big + big  # CBOR's fraction
    for tag in (b"\xc4", b"\xc5"):  # CBOR's numbers with an exponent
        yield tag + b"\x82\x1a\x3b\x9a\xca\x00\x01"
        yield tag + b"\x82\x3a\x3b\x9a\xca\x00\x01"
    for name in (b"int", b"decimal", b"fraction", b"timedelta"):
        for text in (digits, b"0x" + digits, b"1E+999999999", digits + b"/" + digits):
            yield b'{"$' + name + b'":"' + text + b'"}'
        yield b'{"$' + name + b'":["0x' + digits + b'","0x7' + digits + b'"]}'


def expansions() -> Iterator[bytes]:
    """Yield graphs in which shared objects stand for many times as much: what walks them to hash them never ends.

    >>> all(len(payload) < 10_000 for payload in expansions())
    True
    """
    pairs = b"N" + b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(_DOUBLINGS))
    yield b"\x80\x02}" + pairs + b"Ns."  # a dict with that key
    yield b"\x80\x02]" + pairs + b"a."  # a list with that item, which is harmless
    innermost = b"\x80\x00\x00"
    references = b"".join(b"\xb3" + _varint(number + 2) for number in reversed(range(_DOUBLINGS)))
    entry = b"\xb4" + bytes([len(PAIR_TAG)]) + PAIR_TAG.encode() + b"\x02\x04left\x05right"
    yield b"\x01\x69" + entry + b"\x80" * (_DOUBLINGS - 1) + innermost + references + b"\x00"
    shared = b"\xd8\x1c\x80"
    for number in reversed(range(_DOUBLINGS)):  # the outermost is number 0
        shared = b"\xd8\x1c\x82" + shared + b"\xd8\x1d" + _cbor_int(number + 1)
    yield shared
    yield b"\xa1" + shared + b"\xf6"


def depths(payloads: list[bytes]) -> Iterator[bytes]:
    """Yield what opens ever more and closes nothing, or closes it all in the end.

    >>> next(depths([]))[:3]
    b'[[['
    """
    levels = _LEVELS
    yield b"[" * levels + b"]" * levels
    yield b'{"a":' * levels + b"1" + b"}" * levels
    yield b'{"$tuple":[' * 10_000 + b"]}" * 10_000
    yield b"(" * levels + b")" * levels
    yield b"-" * levels + b"1"
    yield b"]" * levels + b"a" * (levels - 1) + b"."
    yield b"N" + b"\x85" * levels + b"."
    yield b"\x80\x02}N" + b"\x85" * levels + b"Ns."
    for opening in (b"\x91", b"\x81\x00", b"\x81\xa1a", b"\xdc\x00\x01", b"\x92\xc7\x00\x02", b"\x81\xa6$tuple\x91"):
        yield opening * levels + b"\xc0"
        yield b"\x81\xa1$" + opening * levels + b"\xc0"
        yield b"\x92\xc7\x00\x02" + opening * levels + b"\xc0"
    for opening in (b"\x81", b"\xa1\x00", b"\xa1\x61a", b"\x9f", b"\xbf\x61a", b"\xc1", b"\xd8\x1b\x82\x65tuple\x81"):
        yield opening * levels + b"\xf6"
        yield opening * levels + b"\xf6" + b"\xff" * levels
    for opening in (b"\x01\x08\x16", b"\x01\x00\x01\x15\x18\x04a"):  # Fory's list of one list, and map of one map
        yield b"\x01\xff\x16" + opening * levels + b"\x01\x08\x07\x02"
        yield b"\x01\xff\x18" + opening * levels + b"\x00"
    for opening in (b"\x61", b"\x71", b"\x69\x00", b"\x69", b"\xb2\x01", b"\xb1\x01"):
        yield b"\x01" + opening * levels + b"\xa0"
    yield from repeated_bytes(levels)
    yield from repeated_beginnings(payloads, levels)


def floods() -> Iterator[bytes]:
    """Yield dicts and sets whose keys all have one hash: numbers, UUIDs or tuples, in every format that can hold them.

    The hashes of strings are drawn anew in every process, so no payload can make them collide.

    >>> len(next(floods())) < 2**20
    True
    """
    numbers = [number * _PRIME for number in range(1, _COLLIDING + 1)]
    wide = [number.to_bytes(12) for number in numbers]
    little = [number.to_bytes(12, "little") for number in numbers]
    count = len(numbers)
    yield b"\x80\x02}(" + b"".join(b"\x8a\x0c" + number + b"N" for number in little) + b"u."
    yield b"\xba" + count.to_bytes(4) + b"".join(b"\xc2\x4c" + number + b"\xf6" for number in wide)
    yield b"\x01\xaf" + _varint(count) + b"".join(b"\xa7\x0c" + number + b"\xa0" for number in little)
    yield b"\x01\xb1" + _varint(count) + b"".join(b"\xa7\x0c" + number for number in little)
    yield b"{" + b",".join(b"%d:0" % number for number in numbers) + b"}"
    yield b"{" + b",".join(b"%d" % number for number in numbers) + b"}"
    for name, width in ((b"int", 24), (b"uuid", 32)):
        prefix = b"0x" if name == b"int" else b""
        texts = [prefix + b"%0*x" % (width, number) for number in numbers[:8_000]]
        keys = [b'{"$' + name + b'":"' + text + b'"}' for text in texts]
        pairs = b'{"$dict":[' + b",".join(b"[" + key + b",0]" for key in keys) + b"]}"
        elements = b'{"$set":[' + b",".join(keys) + b"]}"
        yield from (pairs, elements, b'{"$":' + pairs + b"}", b'{"$":' + elements + b"}")
        yield from _tagged_floods(name, texts)
    yield _tuple_flood(count)
    yield _fory_flood(count)


def _tagged_floods(name: bytes, texts: list[bytes]) -> Iterator[bytes]:
    """Yield the same as our msgpack and CBOR have it."""
    count = len(texts)
    tag = b"\xc7" + bytes([len(name), 1]) + name
    keys = [b"\x81" + tag + b"\xd9" + bytes([len(text)]) + text for text in texts]
    start = b"\x92\xc7\x00\x02\x81"
    many = b"\xdd" + count.to_bytes(4)
    yield start + b"\xc7\x04\x01dict" + many + b"".join(b"\x92" + key + b"\xc0" for key in keys)
    yield start + b"\xc7\x03\x01set" + many + b"".join(keys)
    keys = [b"\xd8\x1b\x82" + bytes([0x60 + len(name)]) + name + b"\x78" + bytes([len(text)]) + text for text in texts]
    many = b"\x9a" + count.to_bytes(4)
    yield b"\xd8\x1b\x82\x64dict" + many + b"".join(b"\x82" + key + b"\xf6" for key in keys)
    yield b"\xd8\x1b\x82\x63set" + many + b"".join(keys)
    yield from _marked_floods(name, texts)


def _marked_floods(name: bytes, texts: list[bytes]) -> Iterator[bytes]:
    """Yield the same as msgpack has it whose tags are names of maps, announced by a map of its own."""
    many = b"\xdd" + len(texts).to_bytes(4)
    tag = bytes([0xA1 + len(name)]) + b"$" + name
    keys = [b"\x81" + tag + b"\xd9" + bytes([len(text)]) + text for text in texts]
    yield b"\x81\xa1$\x81\xa5$dict" + many + b"".join(b"\x92" + key + b"\xc0" for key in keys)
    yield b"\x81\xa1$\x81\xa4$set" + many + b"".join(keys)


def _tuple_flood(count: int) -> bytes:
    """Return a map of msgpack with arrays for keys: of the eight 64-bit numbers with the hash 0, so alike as tuples."""
    numbers = [b"\xcf" + (number * _PRIME).to_bytes(8) for number in range(8)]
    keys = islice(product(numbers, repeat=5), count)
    return b"\xdf" + count.to_bytes(4) + b"".join(b"\x95" + b"".join(key) + b"\xc0" for key in keys)


def _fory_flood(count: int) -> bytes:
    """Return a map of Fory whose keys are decimals, in chunks of one type of keys and one of values."""
    data = bytearray(b"\x01\xff\x18" + _varint(count))
    numbers = [number * _PRIME for number in range(4, count + 4)]  # smaller ones are written in another way
    for start in range(0, count, _FORY_CHUNK):
        chunk = numbers[start : start + _FORY_CHUNK]
        data += b"\x00" + bytes([len(chunk)]) + b"\x28\x07"
        for number in chunk:
            width = (number.bit_length() + 7) // 8
            data += b"\x00" + _varint(width << 2 | 1) + number.to_bytes(width, "little") + b"\x00"
    return bytes(data)


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


def _cbor_int(number: int) -> bytes:
    return bytes([number]) if number < 24 else b"\x18" + bytes([number])
