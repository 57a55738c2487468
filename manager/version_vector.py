"""Version vectors: which process has saved a session how often, and so which of two states descends from the other.

Invariants: a writer is there once, with a count of at least 1; there are at most 16, the one that saved last at the
end; two vectors with the same counts are equal and have one stamp, in whatever order their writers are.

A 17th writer pushes out the one whose last save is longest ago. A state then looks like a branch of an ancestor that
still knows it, never like its descendant: merged two-way instead of three-way, no attribute is lost, and one that was
removed may return.
"""

import struct
from enum import Enum
from hashlib import blake2b
from typing import Self

MAX_WRITERS = 16

_ENTRY = struct.Struct(">IQ")
_DEAD = 1 << 31


class Relation(Enum):
    """How my state stands to theirs, as `compare` says."""

    SAME = "same"
    OLDER = "older"
    """Mine is an ancestor of theirs: they have seen all that I saved."""
    NEWER = "newer"
    """Mine is a descendant of theirs: I have seen all that they saved."""
    BRANCH = "branch"
    """Each has saves that the other has not seen."""


class VersionVector(tuple[int, ...]):
    """How often each writer has saved.

    Parameters
    ----------
    entries
        Writer (a random 32-bit number) and count of its saves, the writer that saved last at the end.

    Raises
    ------
    ValueError
        A writer is there twice or is no 32-bit number, a count is below 1, or there are more than 16.

    >>> VersionVector(((0xA, 1),)).bumped(0xB).bumped(0xA)
    VersionVector(entries=((11, 1), (10, 2)))
    """

    # Each session of a process has one. It is the tuple of all its numbers: a tuple for each pair would be half of it.
    __slots__ = ()

    def __new__(cls, entries: tuple[tuple[int, int], ...] = ()) -> Self:
        """Check what stored bytes may claim."""
        if len(entries) > MAX_WRITERS or len(dict(entries)) != len(entries):
            raise ValueError(f"{len(entries)} writers in a version vector: at most {MAX_WRITERS}, each once")
        for writer, count in entries:
            if not 0 <= writer < 1 << 32 or count < 1:
                raise ValueError(f"writer {writer}, count {count}: a writer has 32 bits, a count is at least 1")
        return super().__new__(cls, (number for entry in entries for number in entry))

    @property
    def entries(self) -> tuple[tuple[int, int], ...]:
        """Writers and counts, the writer that saved last at the end."""
        return tuple(zip(self[::2], self[1::2], strict=True))

    def __repr__(self) -> str:
        return f"VersionVector(entries={self.entries})"

    def __eq__(self, other: object) -> bool:
        """Whether the counts are the same; the order says only whom to forget first."""
        return isinstance(other, VersionVector) and dict(self.entries) == dict(other.entries)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        """Return a hash of the counts."""
        return hash(frozenset(self.entries))

    @property
    def last_writer(self) -> int:
        """The writer that saved last; 0 if none has."""
        return self[-2] if self else 0

    def bumped(self, writer: int) -> "VersionVector":
        """Return the vector after one more save of a writer."""
        entries = self.entries
        count = dict(entries).get(writer, 0)
        others = tuple(entry for entry in entries if entry[0] != writer)
        return VersionVector((*others, (writer, count + 1))[-MAX_WRITERS:])

    def merged(self, other: "VersionVector") -> "VersionVector":
        """Return the vector of a state that holds all saves of both; the same from either side, in order too.

        A writer is as recent as in the vector with its higher count, which saw its last save; with equal counts as in
        the vector with more saves of others after it. So the merge with an ancestor changes nothing.

        >>> VersionVector(((1, 1), (2, 5))).merged(VersionVector(((2, 4), (3, 1))))
        VersionVector(entries=((1, 1), (2, 5), (3, 1)))
        """
        best: dict[int, tuple[int, int]] = {}  # by writer: its count, and how many writers saved after it
        for vector in (self, other):
            for later, (writer, count) in enumerate(reversed(vector.entries)):
                best[writer] = max(best.get(writer, (0, 0)), (count, later))
        by_recency = sorted(best, key=lambda writer: (-best[writer][1], writer))
        return VersionVector(tuple((writer, best[writer][0]) for writer in by_recency[-MAX_WRITERS:]))

    def stamp(self) -> int:
        """Return 31 bits that are the same for equal vectors, and differ for others but for chance (1 in 2**31)."""
        packed = b"".join(_ENTRY.pack(writer, count) for writer, count in sorted(self.entries))
        return int.from_bytes(blake2b(packed, digest_size=4).digest(), "big") & ~_DEAD


EMPTY = VersionVector()
"""Of a session that was never saved."""


def compare(mine: VersionVector, theirs: VersionVector) -> Relation:
    """Return how my state stands to theirs.

    >>> ancestor = EMPTY.bumped(1)
    >>> compare(mine=ancestor, theirs=ancestor.bumped(2))
    <Relation.OLDER: 'older'>
    >>> compare(mine=ancestor.bumped(1), theirs=ancestor.bumped(2))
    <Relation.BRANCH: 'branch'>
    """
    i_saw, they_saw = dict(mine.entries), dict(theirs.entries)
    i_lack = any(i_saw.get(writer, 0) < count for writer, count in theirs.entries)
    they_lack = any(they_saw.get(writer, 0) < count for writer, count in mine.entries)
    if i_lack and they_lack:
        return Relation.BRANCH
    if i_lack:
        return Relation.OLDER
    return Relation.NEWER if they_lack else Relation.SAME


def client_flags(vector: VersionVector, *, dead: bool) -> int:
    """Return memcached's 32 client flags: the dead mark, and the stamp of the version vector.

    >>> flags = client_flags(EMPTY.bumped(7), dead=True)
    >>> is_dead(flags), flags < 2**32, flags - 2**31 == EMPTY.bumped(7).stamp()
    (True, True, True)
    """
    return vector.stamp() | (_DEAD if dead else 0)


def is_dead(flags: int) -> bool:
    """Whether client flags say that the session was destroyed.

    >>> is_dead(client_flags(EMPTY, dead=False))
    False
    """
    return flags & _DEAD != 0
