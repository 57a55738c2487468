"""How much converters are given through references: `decode` copies it, each time that it is referred to.

A payload of n references to one list of n items would take n * n items of memory. So each object has a size, and what
references in the plain data of converters stand for is added up. FORMAT.md says how, under *Copies*.
"""

from collections.abc import Callable

from ..converter import Converter, FieldsConverter, NamedTupleConverter
from . import tags


class Copies:
    """What the objects of one payload count, and what was referred to where it may be copied.

    Places are the numbers of bytes before them; writer and reader have the same.

    Parameters
    ----------
    max_size
        Bytes of the largest payload.
    refused
        Returns the error of so many bytes that may not be exceeded, given what the last reference refers to.
    """

    def __init__(self, max_size: int, refused: Callable[[int, object], Exception]) -> None:
        self.refused = refused
        self.limit = min(max_size, tags.MAX_COPIED)
        self.beyond = 0
        """What was counted beyond the bytes, which is less than nothing where more bytes were left out."""
        self.copied = 0
        self.sizes: list[int] = []
        """By number of an object: its size, or where it began, in bytes and beyond, while it is open."""

    def place(self, at: int) -> int:
        """Return a place as it counts: in bytes and beyond."""
        return at + self.beyond

    def begin(self, at: int) -> None:
        """Count an object from its first byte."""
        self.sizes.append(self.place(at))

    def complete(self, number: int, at: int) -> None:
        """Note the size of an object."""
        self.sizes[number] = self.size_so_far(number, at)

    def size_so_far(self, number: int, at: int) -> int:
        """Return what was counted since an object began."""
        return min(self.place(at) - self.sizes[number], self.limit + 1)

    def count_one(self, start: int, at: int) -> None:
        """Let all that was counted since a place count one byte."""
        self.beyond = start + 1 - at

    def refer(self, value: object, number: int, at: int, *, complete: bool, copied: bool) -> None:
        """Count a reference to an object; only a list holds something before it is complete."""
        grows = type(value) is list
        size = self.sizes[number] if complete else self.size_so_far(number, at) if grows else 1
        self.count(value, size, copied=copied)

    def refer_to_string(self, text: str, *, copied: bool) -> None:
        """Count a reference to a string."""
        if len(text) >= tags.SHORT_ASCIIS:
            self.count(text, len(text), copied=copied)

    def count(self, value: object, size: int, *, copied: bool) -> None:
        """Count what a reference stands for."""
        self.beyond += size
        if copied:
            self.copied += size
            if self.copied > self.limit:
                raise self.refused(self.limit, value)


def holds(converter: Converter, *, fields: bool) -> bool:
    """Return whether values are made of fields that they hold as they are, and count one byte each.

    Parameters
    ----------
    converter
        Makes the values.
    fields
        They stand in the payload as instances of a class entry.

    >>> holds(Converter(set, "set", list, set), fields=False)
    False
    """
    return isinstance(converter, FieldsConverter) if fields else isinstance(converter, NamedTupleConverter)


def may_copy(converter: Converter, *, fields: bool) -> bool:
    """Return whether making a value may copy what its plain data refers to; the parameters are those of `holds`.

    >>> may_copy(Converter(set, "set", list, set), fields=False)
    True
    """
    return not holds(converter, fields=fields) or (isinstance(converter, FieldsConverter) and converter.copies)
