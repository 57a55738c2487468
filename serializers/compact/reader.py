"""Reads the compact format; FORMAT.md in Python.

The reader does not recurse: `levels` holds what was read of each open value, outermost first. A handler reads the head
of a value, and returns a level if more is inside, which closes when all of it is there.

Invariants: nothing is looked up but tags in the registry; every length is checked against the bytes that remain before
anything is made; what hashing and nesting cost is bounded.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..converter import Converter
from ..registry import ConverterRegistry
from . import packing, tags
from .copies import Copies
from .levels import AwaitedValue, no_change
from .refusals import MAX_DEPTH_READ, copied, rejected, truncated
from .value_readers import READERS


def loads(data: bytes, registry: ConverterRegistry, max_size: int) -> Any:
    """Return the value of a payload, or raise anything.

    >>> loads(bytes.fromhex("01 69 25 73 65 61 74 73 72 01 02"), ConverterRegistry(), 100)
    {'seats': (1, 2)}
    """
    data = bytes.__getitem__(data, slice(None))  # the bytes themselves, whatever a subclass makes of them
    if len(data) > max_size:
        raise rejected(f"{len(data)} bytes are over max_size={max_size}")
    return Reader(data, registry, max_size).read()


class ClassEntry(NamedTuple):
    """A class of the payload: its converter here, and the names of its fields, or None for converted values."""

    converter: Converter
    names: tuple[str, ...] | None
    is_value: bool


class Reader:
    """One pass over one payload."""

    def __init__(self, data: bytes, registry: ConverterRegistry, max_size: int) -> None:
        self.data = data
        self.registry = registry
        self.at = 0
        self.missing = 0
        """How many values all open ones lack; each takes a byte at least."""
        self.strings: list[str] = []
        self.classes: list[ClassEntry] = []
        self.objects: list[Any] = []
        self.starts: list[int] = []
        self.weights: list[int | None] = []
        self.weight = 0
        self.hashed_weight = 0
        self.hashed = False
        """The value that is being read is hashed when it is complete."""
        self.copies = Copies(max_size, lambda limit, _: rejected(copied(limit)))
        self.copied = False
        """The value that is being read is given to a converter, which may copy it."""
        self.begun = 0
        """Where the value that is being read begins."""

    def read(self) -> Any:
        """Return the value."""
        if self.take_byte() != tags.VERSION:
            raise rejected("it does not begin with the byte of version 1")
        outermost = self.open(1, no_change, hashed=False)
        levels = [outermost]
        while True:
            level = levels[-1]
            if level.missing:
                level.missing -= 1
                self.missing -= 1
                if len(levels) > tags.MAX_DEPTH:
                    raise rejected(MAX_DEPTH_READ)
                self.hashed = level.hashed or (level.keys and level.missing % 2 == 1)
                self.copied = bool(level.copied)
                read = self.begin()
                if type(read) is AwaitedValue:
                    if read.copied is None:
                        read.copied = level.copied
                    levels.append(read)
                else:
                    level.items.append(read)
            elif level is outermost:
                break
            else:
                levels.pop()
                value = level.close(level.items)
                if level.one_from is not None:
                    self.copies.count_one(level.one_from, self.at)
                if level.number is not None:
                    self.complete(level.number, value)
                levels[-1].items.append(value)
        if self.at != len(self.data):
            raise rejected(f"{len(self.data) - self.at} bytes stand after the value")
        return outermost.items[0]

    def begin(self) -> Any:
        """Read a value, or its head and return the level of what is inside."""
        self.weight += 1
        self.begun = self.at
        tag = self.take_byte()
        read = READERS[tag]
        if read is None:
            raise rejected(f"{tag:#04x} is no tag")
        return read(self, tag)

    def open(self, count: int, close: Callable[[list[Any]], Any], *, hashed: bool, **how: Any) -> AwaitedValue:
        """Return a level for so many values, if so many bytes remain."""
        self.missing += count
        if self.missing > len(self.data) - self.at:
            raise truncated()
        return AwaitedValue(count, close, hashed, **how)

    def number_object(self, value: object) -> int:
        """Give an object its number; its own weight is counted already."""
        self.objects.append(value)
        self.starts.append(self.weight - 1)
        self.weights.append(None)
        self.copies.begin(self.begun)
        return len(self.objects) - 1

    def complete(self, number: int, value: object) -> None:
        """Note that all of an object was read."""
        self.objects[number] = value
        self.weights[number] = self.weight - self.starts[number]
        self.copies.complete(number, self.at)

    def take_byte(self) -> int:
        """Return the next byte."""
        if self.at >= len(self.data):
            raise truncated()
        self.at += 1
        return self.data[self.at - 1]

    def take(self, size: int) -> bytes:
        """Return the next bytes, which must be there in full."""
        if size > len(self.data) - self.at:
            raise truncated()
        self.at += size
        return self.data[self.at - size : self.at]

    def take_varint(self) -> int:
        """Return the next varint."""
        number, self.at = packing.read_varint(self.data, self.at)
        return number

    def take_unsigned(self, size: int) -> int:
        """Return the next integer of fixed width."""
        return int.from_bytes(self.take(size), "little")

    def take_text(self, encoding: str = "utf-8") -> str:
        """Return a length and so many bytes, decoded."""
        return self.take(self.take_varint()).decode(encoding)

    def add_string(self, data: bytes, encoding: str) -> str:
        """Return bytes as a string, which gets a number."""
        text = data.decode(encoding)
        if len(data) in tags.NUMBERED_STRINGS:
            self.strings.append(text)
        return text

    def string_of(self, number: int) -> str:
        """Return a string by its number."""
        if number >= len(self.strings):
            raise rejected("it refers to a string that it does not hold")
        text = self.strings[number]
        self.copies.refer_to_string(text, copied=self.copied)
        return text

    def new_class(self, *, fields: bool, is_value: bool = False) -> ClassEntry:
        """Read a class entry."""
        converter = self.registry.converter_of(self.take_text())
        names = None
        if fields:
            count = self.take_varint()
            if count > len(self.data) - self.at:
                raise truncated()
            names = tuple(self.take_text() for _ in range(count))
            if len(set(names)) < count:
                raise rejected("a class has two fields of one name")
        entry = ClassEntry(converter, names, is_value)
        self.classes.append(entry)
        return entry

    def class_of(self, number: int, *, fields: bool) -> ClassEntry:
        """Return a class by its number, if it is of the kind that is asked for."""
        if number >= len(self.classes) or (self.classes[number].names is not None) is not fields:
            raise rejected("it refers to a class that it does not hold")
        return self.classes[number]
