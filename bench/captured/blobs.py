"""Bytes anonymized: as many others, with what is repeated in them repeated where it was.

Bytes that are text are anonymized as text. Others are taken apart as a compressor does: what has been there before is
copied from there, and the rest is drawn from the bytes around it, or from all where all are as likely. Invariants: what
was equal is equal; none of the originals of four or more bytes is in what comes out.
"""

from collections.abc import Iterable
from random import Random

from .survivors import Survivors
from .texts import Texts

_WINDOW = 1024
"""Bytes whose frequencies are kept."""

_MATCH = 6
"""Bytes that must be repeated for them to be copied; fewer are repeated by chance."""

_DENSE = 0.9
"""Of the different bytes that random ones would have: from there on all 256 are as likely."""

_REPAIRS = 400


class BlobError(ValueError):
    """No other bytes could be found."""


class Blobs:
    """Anonymizes bytes.

    Parameters
    ----------
    originals
        All bytes that there are, and all strings in UTF-8: none of them may come out.
    texts
        What anonymizes bytes that are text; the text of each is among its originals.
    random
        What is drawn from.
    """

    def __init__(self, originals: Iterable[bytes], texts: Texts, random: Random) -> None:
        self._texts = texts
        self._random = random
        self._survivors = Survivors[bytes]()
        for original in originals:
            self._survivors.add(original)
        self._replaced: dict[bytes, bytes] = {b"": b""}
        self._taken: set[bytes] = set()

    def replaced(self, data: bytes) -> bytes:
        """Return what stands for some bytes, and always the same.

        Raises
        ------
        BlobError, TextError
            There are no other bytes that are none of the originals.
        """
        known = self._replaced.get(data)
        if known is None:
            text = text_of(data)
            drawn = self._drawn(data) if text is None else self._texts.replaced(text).encode()
            known = self._replaced[data] = self._repaired(drawn)
            self._taken.add(known)
        return known

    def _drawn(self, data: bytes) -> bytes:
        drawn = bytearray()
        seen: dict[bytes, int] = {}
        position, window_end, alphabet = 0, 0, b""
        while position < len(data):
            if position >= window_end:
                start = position // _WINDOW * _WINDOW
                window_end = start + _WINDOW
                alphabet = _alphabet(data[start:window_end])
            length, source = _repeated(data, position, seen)
            if length:
                for _ in range(length):  # one by one: it may repeat what it is writing
                    drawn.append(drawn[source])
                    source += 1
            else:
                length = 1
                drawn.append(self._random.choice(alphabet))
            for passed in range(position, position + length):
                seen[data[passed : passed + _MATCH]] = passed
            position += length
        return bytes(drawn)

    def _repaired(self, data: bytes) -> bytes:
        """Return bytes in which nothing survives and which no others have become."""
        for _ in range(_REPAIRS):
            places = self._survivors.found(data) or ([(0, len(data))] if data in self._taken else [])
            if not places:
                return data
            changed = bytearray(data)
            for place in places:
                changed[self._random.randrange(*place)] = self._random.randrange(256)
            data = bytes(changed)
        raise BlobError("no other bytes of its length are free")


def text_of(data: bytes) -> str | None:
    """Return the text that bytes are, in UTF-8 and printable; None if they are none.

    >>> text_of(b"Ada\\n"), text_of(b"\\x00\\x01")
    ('Ada\\n', None)
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(line.isprintable() for line in text.expandtabs().splitlines()) else None


def _alphabet(window: bytes) -> bytes:
    """Return the bytes of which each one is as likely: those that are there, as often as they are, or all."""
    expected = 256 * (1 - (255 / 256) ** len(window))
    return bytes(range(256)) if len(set(window)) > _DENSE * expected else window


def _repeated(data: bytes, position: int, seen: dict[bytes, int]) -> tuple[int, int]:
    """Return how many bytes have been there before, and where."""
    source = seen.get(data[position : position + _MATCH], -1) if position + _MATCH <= len(data) else -1
    if source < 0:
        return 0, 0
    length = _MATCH
    while position + length < len(data) and data[source + length] == data[position + length]:
        length += 1
    return length, source
