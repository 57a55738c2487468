"""Payloads of a serializer that are nearly right, or made to cost much, for tests and for the comparison.

Invariant: what they are depends on the valid payloads and the seed alone, so a payload that does harm is made again.
"""

from collections.abc import Iterator, Sequence
from random import Random

SEED = 31415926
"""The digits of pi: no seed was searched for."""
_NASTY = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xdd\xff\xff\xff\xff",
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"[",
    b"{",
)
_HUGE = (b"\xff" * 4, b"\x7f" + b"\xff" * 3, b"\xff" * 8, b"\x00\x00\x00\x01" * 2)
_FEW = 200


def mutations(payloads: Sequence[bytes], count: int, seed: int = SEED) -> Iterator[bytes]:
    """Yield payloads that are damaged: truncated, with bytes flipped, inserted, removed, or pieces exchanged.

    >>> len(list(mutations([b'{"user_id":7}'], count=3)))
    3
    """
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(count):
        data = bytearray(random.choice(payloads))
        for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
            _damage(data, payloads, random)
        yield bytes(data)


def repeated_bytes(times: int) -> Iterator[bytes]:
    """Yield each byte over and over: in most formats some byte opens something, so this is as deep as bytes get.

    >>> next(repeated_bytes(3))
    b'\\x00\\x00\\x00'
    """
    for first in range(256):
        yield bytes([first]) * times


def repeated_beginnings(payloads: Sequence[bytes], size: int) -> Iterator[bytes]:
    """Yield the beginnings of valid payloads over and over, each time about so many bytes.

    >>> next(repeated_beginnings([b"[]"], size=4))
    b'[[[['
    """
    for payload in payloads:
        for length in range(1, 13):
            yield payload[:length] * (size // length)


def huge_lengths() -> Iterator[bytes]:
    """Yield each byte with a huge number behind it, in the hope that the byte is one that a length follows.

    >>> next(huge_lengths())
    b'\\x00\\xff\\xff\\xff\\xff'
    """
    for first in range(256):
        for length in _HUGE:
            yield bytes([first]) + length
            yield bytes([first]) + length + b"\x00" * _FEW


def _damage(data: bytearray, payloads: Sequence[bytes], random: Random) -> None:
    at = random.randrange(len(data) + 1)
    match random.randrange(6):
        case 0:
            del data[at:]
        case 1 if at < len(data):
            data[at] ^= 1 << random.randrange(8)
        case 2 if at < len(data):
            data[at] = random.randrange(256)
        case 3:
            data[at:at] = random.choice(_NASTY)
        case 4:
            del data[at : at + random.randrange(1, 9)]
        case _:
            other = random.choice(payloads)
            start = random.randrange(len(other) + 1)
            data[at : at + random.randrange(9)] = other[start : start + random.randrange(1, 40)]
